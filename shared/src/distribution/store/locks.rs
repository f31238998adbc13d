//! Offers that are locked, with the instant that counts: the clock is read after the lock.
//!
//! `for update of l, c, a` locks in the order of that list, which is the one order: lead → cycle → attempt.

use super::received::SENDER_LOCK_CLASS;
use crate::Result;
use crate::distribution::model::{AttemptStatus, Offer, Round};
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A locked offer, with the instant that was read after the lock.
struct Locked {
    attempt: AttemptId,
    cycle: CycleId,
    lead: LeadId,
    sales_id: UserId,
    status: AttemptStatus,
    ack_deadline_at: DateTime<Utc>,
    code: Option<String>,
    round: Round,
    accepted: bool,
    reason: Option<String>,
    /// The column only waits.
    _waited: Option<String>,
    now: DateTime<Utc>,
}

impl Locked {
    fn offer(self) -> (Offer, DateTime<Utc>) {
        let offer = Offer {
            attempt: self.attempt,
            cycle: self.cycle,
            lead: self.lead,
            sales_id: self.sales_id,
            status: self.status,
            ack_deadline_at: self.ack_deadline_at,
            code: self.code,
            round: self.round,
            accepted: self.accepted,
            reason: self.reason,
        };
        (offer, self.now)
    }
}

/// The statement that locks an [`Offer`] for a roll, and then waits for in-flight inserts of this agent's messages to commit, and
/// then reads the clock. The texts say which offer; with `$from` it is one of several, each found by its own index.
///
/// The next statement sees those messages. A message that comes later reads the clock later. The agent may answer from
/// the number that the offer went to or from their current number. The locks of the senders are released at once, so
/// rolls of one agent's offers do not wait for each other.
macro_rules! lock_for_roll {
    ($fixed_now:expr, $from:tt, $which:tt $(, $argument:expr)* $(,)?) => {
        // PostgreSQL locks the row in the inner query, and evaluates the outer select list in its order: wait, then
        // read the clock.
        sqlx::query_as!(
            Locked,
            r#"select offer.attempt as "attempt: AttemptId", offer.cycle as "cycle: CycleId",
                      offer.lead as "lead: LeadId", offer.sales_id as "sales_id: UserId",
                      offer.status as "status: AttemptStatus", offer.ack_deadline_at, offer.code,
                      offer.round as "round: Round", offer.accepted as "accepted!", offer.reason,
                      wait_for_messages($1, then_key, now_key)::text as _waited,
                      coalesce($2::timestamptz, clock_timestamp()) as "now!"
               from "# + $from + r#" (select a.id as attempt, c.id as cycle, c.lead_id as lead, a.sales_id, a.status,
                            a.ack_deadline_at, a.code, a.round, a.offer_accepted_at is not null as accepted, a.reason,
                            hashtext(coalesce(a.offered_to, u.offer_address, '')) as then_key,
                            hashtext(coalesce(u.offer_address, a.offered_to, '')) as now_key
                     from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
                     join lead l on l.id = c.lead_id join "user" u on u.id = a.sales_id "# + $which + ") offer",
            SENDER_LOCK_CLASS,
            $fixed_now
            $(, $argument)*
        )
    };
}

/// Locks this offer for a roll, with its cycle and lead. Returns it as it is then, and the instant that counts.
pub(crate) async fn lock_for_roll(
    connection: &mut PgConnection,
    attempt: AttemptId,
    fixed_now: Option<DateTime<Utc>>,
) -> Result<Option<(Offer, DateTime<Utc>)>> {
    let this = lock_for_roll!(
        fixed_now,
        "",
        "where a.id = $3 for update of l, c, a",
        attempt.0
    );
    Ok(this.fetch_optional(connection).await?.map(Locked::offer))
}

/// Locks those of these offers that no other process has locked, as [`lock_for_roll()`] does. It waits for no row, so the order of the
/// locks does not matter.
pub(crate) async fn lock_for_rolls(
    connection: &mut PgConnection,
    attempts: &[AttemptId],
    fixed_now: Option<DateTime<Utc>>,
) -> Result<Vec<(Offer, DateTime<Utc>)>> {
    let these = lock_for_roll!(
        fixed_now,
        "unnest($3::uuid[]) asked_for (id) cross join lateral",
        "where a.id = asked_for.id for update of l, c, a skip locked",
        attempts as _
    );
    let locked = these.fetch_all(connection).await?;
    Ok(locked.into_iter().map(Locked::offer).collect())
}

/// Locks a due offer for a roll, the one with the oldest deadline first. An offer that another process has locked
/// is skipped.
pub(crate) async fn lock_a_due_offer_for_roll(
    connection: &mut PgConnection,
    fixed_now: Option<DateTime<Utc>>,
    due_by: DateTime<Utc>,
    but_not: &[AttemptId],
) -> Result<Option<(Offer, DateTime<Utc>)>> {
    let first = lock_for_roll!(
        fixed_now,
        "",
        "where a.status = 'open' and a.ack_deadline_at <= $3 and a.id <> all($4::uuid[])
         order by a.ack_deadline_at limit 1 for update of l, c, a skip locked",
        due_by,
        but_not as _
    );
    Ok(first.fetch_optional(connection).await?.map(Locked::offer))
}

/// The statement that locks an [`Offer`] with its cycle and lead, and then reads the clock. The texts say which, as for
/// [`lock_for_roll!`].
macro_rules! lock_offer {
    ($fixed_now:expr, $from:tt, $which:tt, $argument:expr) => {
        sqlx::query_as!(
            Locked,
            r#"select offer.attempt as "attempt: AttemptId", offer.cycle as "cycle: CycleId", offer.lead as "lead: LeadId",
                      offer.sales_id as "sales_id: UserId",
                      offer.status as "status: AttemptStatus", offer.ack_deadline_at, offer.code,
                      offer.round as "round: Round", offer.accepted as "accepted!", offer.reason, null::text as _waited,
                      coalesce($1::timestamptz, clock_timestamp()) as "now!"
               from "# + $from + r#" (select a.id as attempt, c.id as cycle, c.lead_id as lead, a.sales_id, a.status,
                            a.ack_deadline_at, a.code, a.round, a.offer_accepted_at is not null as accepted, a.reason
                     from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
                     join lead l on l.id = c.lead_id "# + $which + ") offer",
            $fixed_now,
            $argument
        )
    };
}

/// Locks an offer with its cycle and lead, and then reads the clock. Returns it as it is then, and the instant.
pub(crate) async fn lock_offer_at(
    connection: &mut PgConnection,
    attempt: AttemptId,
    fixed_now: Option<DateTime<Utc>>,
) -> Result<Option<(Offer, DateTime<Utc>)>> {
    let this = lock_offer!(
        fixed_now,
        "",
        "where a.id = $2 for update of l, c, a",
        attempt.0
    );
    Ok(this.fetch_optional(connection).await?.map(Locked::offer))
}

/// Locks those of these offers that no other process has locked, as [`lock_offer_at`] does. It waits for no row, so the order of the
/// locks does not matter.
pub(crate) async fn lock_free_offers_at(
    connection: &mut PgConnection,
    attempts: &[AttemptId],
    fixed_now: Option<DateTime<Utc>>,
) -> Result<Vec<(Offer, DateTime<Utc>)>> {
    let these = lock_offer!(
        fixed_now,
        "unnest($2::uuid[]) asked_for (id) cross join lateral",
        "where a.id = asked_for.id for update of l, c, a skip locked",
        attempts as _
    );
    let locked = these.fetch_all(connection).await?;
    Ok(locked.into_iter().map(Locked::offer).collect())
}
