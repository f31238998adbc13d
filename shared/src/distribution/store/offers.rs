//! Offers: an attempt with its cycle and lead. The locking reads take them in the one order,
//! lead → cycle → attempt: `for update of l, c, a` locks in the order of that list.

use crate::Result;
use crate::distribution::model::{AttemptStatus, Offer, Round};
use crate::distribution::policy;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::unit_of_work::UnitOfWork;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// Selects [`Offer`]s. The text follows `from attempt a join cycle c`: further joins, conditions, order
/// and locks.
macro_rules! offers {
    ($rest:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Offer,
            r#"select a.id as "attempt: AttemptId", c.id as "cycle: CycleId", c.lead_id as "lead: LeadId",
                      a.sales_id as "sales_id: UserId", a.status as "status: AttemptStatus",
                      a.ack_deadline_at, a.code, a.round as "round: Round",
                      a.offer_accepted_at is not null as "accepted!", a.reason
               from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id "# + $rest
            $(, $argument)*
        )
    };
}

/// An open offer with everything that its text needs, read at one moment.
pub(crate) struct SendableOffer {
    pub(crate) now: DateTime<Utc>,
    pub(crate) attempt: AttemptId,
    pub(crate) cycle: CycleId,
    pub(crate) lead: LeadId,
    pub(crate) label: String,
    pub(crate) code: Option<String>,
    pub(crate) assigned_at: DateTime<Utc>,
    pub(crate) ack_deadline_at: DateTime<Utc>,
    pub(crate) round: Round,
    /// The number that the offer goes to.
    pub(crate) offered_to: Option<String>,
    pub(crate) lead_name: Option<String>,
    pub(crate) lead_phone: Option<String>,
    pub(crate) lead_source: Option<String>,
    pub(crate) lead_project: Option<String>,
    pub(crate) lead_area: Option<String>,
    /// Whether a freeze has stopped its clock.
    pub(crate) is_frozen: bool,
    /// What the client wrote in this cycle, newest first.
    pub(crate) words: Vec<String>,
    /// What became of the client's earlier enquiry.
    pub(crate) past: Option<String>,
}

/// Locks an offer with its cycle and lead and returns it as it is then.
pub(crate) async fn lock_offer(
    connection: &mut PgConnection,
    attempt: AttemptId,
) -> Result<Option<Offer>> {
    Ok(offers!(
        r#"join lead l on l.id = c.lead_id
           where a.id = $1
           for update of l, c, a"#,
        attempt.0
    )
    .fetch_optional(connection)
    .await?)
}

/// The open offer with the next deadline, of those that the provider accepted: the others cannot time out.
pub(crate) async fn most_urgent_offer(connection: &mut PgConnection) -> Result<Option<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: AttemptId" from distribution_attempt
           where status = 'open' and offer_accepted_at is not null order by ack_deadline_at limit 1"#
    )
    .fetch_optional(connection)
    .await?)
}

/// Sets the deadline of an open offer to now, if it is later. Returns `false` if it was not.
pub(crate) async fn set_deadline(work: &mut UnitOfWork<'_>, attempt: AttemptId) -> Result<bool> {
    let done = sqlx::query!(
        "update distribution_attempt set ack_deadline_at = $2
         where id = $1 and coalesce(status = 'open', false) and offer_accepted_at is not null and ack_deadline_at > $2 and assigned_at < $2",
        attempt.0,
        work.now
    )
    .execute(&mut *work.connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks an offer's cycle and attempt. Its lead must be locked already.
pub(crate) async fn lock_cycle_and_attempt(
    connection: &mut PgConnection,
    offer: &Offer,
) -> Result<()> {
    sqlx::query!(
        "select from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
         where a.id = $1 for update of c, a",
        offer.attempt.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn offer(
    connection: &mut PgConnection,
    attempt: AttemptId,
) -> Result<Option<Offer>> {
    Ok(offers!(r#"where a.id = $1"#, attempt.0)
        .fetch_optional(connection)
        .await?)
}

/// The agent's offers that an OK of `time` can take, oldest first, made at `by` or before.
///
/// These are the open offers (an offer that a freeze has stopped has no deadline) and the offers that
/// timed out although `time` is before their deadline. Of the latter, no agent may own the lead, and
/// the cycle must be open, held, or hangus for at most ten minutes.
pub(crate) async fn offers_live_at(
    work: &mut UnitOfWork<'_>,
    agent: &UserId,
    time: DateTime<Utc>,
    by: DateTime<Utc>,
) -> Result<Vec<Offer>> {
    let hangus_after = work.now - policy::HANGUS_GRACE;
    // The window is a day at most and moves once, so an offer from before two days has ended.
    Ok(offers!(
        r#"join lead l on l.id = c.lead_id
           where a.sales_id = $1 and a.assigned_at between $2::timestamptz - interval '2 days' and $3
             and ((a.status = 'open'
                   and ($2 < a.ack_deadline_at
                        or exists (select from provider_health h
                                   where h.provider = $5 and h.frozen_since < a.ack_deadline_at)))
                  or (a.status = 'timed_out' and $2 < a.ack_deadline_at and l.owner_sales_id is null
                      and (c.status in ('open', 'held') or (c.status = 'hangus' and c.closed_at > $4))))
           order by a.assigned_at, a.id"#,
        agent.0,
        time,
        by,
        hangus_after,
        work.app.provider.name()
    )
    .fetch_all(&mut *work.connection)
    .await?)
}

/// The agent's offer with this code: the open one, else the latest that was made at `by` or up to two days
/// before.
pub(crate) async fn offer_by_code(
    connection: &mut PgConnection,
    agent: &UserId,
    code: &str,
    by: DateTime<Utc>,
) -> Result<Option<Offer>> {
    // The first at or after the code in the order of the index: see `make_offers`.
    let open = offers!(
        r#"where a.id = (select first.id
                         from (select o.id, o.sales_id, o.code from distribution_attempt o
                               where o.closed_at is null and (o.sales_id, o.code) >= ($1, $2)
                               order by o.sales_id, o.code limit 1) first
                         where first.sales_id = $1 and first.code = $2)
             and a.assigned_at between $3::timestamptz - interval '2 days' and $3"#,
        agent.0,
        code,
        by
    )
    .fetch_optional(&mut *connection)
    .await?;
    if open.is_some() {
        return Ok(open);
    }
    Ok(offers!(
        r#"where a.sales_id = $1 and a.code = $2 and a.status <> 'undeliverable'
             and a.assigned_at between $3::timestamptz - interval '2 days' and $3
           order by (a.status = 'open') desc, a.assigned_at desc limit 1"#,
        agent.0,
        code,
        by
    )
    .fetch_optional(connection)
    .await?)
}

/// The latest offer to the agent that was made at `by` or before and reached them, whatever its state.
pub(crate) async fn latest_offer(
    connection: &mut PgConnection,
    agent: &UserId,
    by: DateTime<Utc>,
) -> Result<Option<Offer>> {
    Ok(offers!(
        r#"where a.sales_id = $1 and a.status <> 'undeliverable' and a.assigned_at <= $2
           order by a.assigned_at desc, a.id desc limit 1"#,
        agent.0,
        by
    )
    .fetch_optional(connection)
    .await?)
}

/// Those of these offers that are open and whose agents are not disabled. One statement reads all tables: every roll sends an offer, so
/// each round trip counts.
pub(crate) async fn sendable_offers(
    connection: &mut PgConnection,
    attempts: &[AttemptId],
    fixed_now: Option<DateTime<Utc>>,
    provider: &str,
) -> Result<Vec<SendableOffer>> {
    // `offset 0` keeps the plan of one offer for each of many.
    Ok(sqlx::query_as!(
        SendableOffer,
        r#"select coalesce($2::timestamptz, clock_timestamp()) as "now!", offer.attempt as "attempt: AttemptId",
                  offer.cycle as "cycle: CycleId", offer.lead_id as "lead: LeadId", offer.label, offer.code,
                  offer.assigned_at, offer.ack_deadline_at, offer.round as "round: Round", offer.offered_to,
                  offer.lead_name, offer.lead_phone, offer.lead_source, offer.lead_project, offer.lead_area,
                  offer.is_frozen as "is_frozen!", offer.words as "words!", offer.past
           from unnest($1::uuid[]) asked_for (id) cross join lateral (
               select a.id as attempt, c.id as cycle, c.lead_id, m.label, a.code, a.assigned_at, a.ack_deadline_at, a.round,
                      coalesce(a.offered_to, u.offer_address) as offered_to,
                      l.name as lead_name, l.phone as lead_phone, l.source_ads as lead_source,
                      l.project as lead_project, l.area as lead_area,
                      exists (select from provider_health h
                              where h.provider = $3 and h.frozen_since < a.ack_deadline_at) as is_frozen,
                      array(select w.body
                            from (select m.body, m.created_at, m.cycle_id from wa_message m
                                  where m.lead_id = l.id and m.direction = 'in' and m.kind = 'client'
                                  order by m.created_at desc limit 30) w
                            where w.cycle_id = c.id order by w.created_at desc) as words,
                      c.past
               from distribution_attempt a
               join distribution_cycle c on c.id = a.cycle_id
               join distribution_cycle_member m on m.cycle_id = a.cycle_id and m.sales_id = a.sales_id
               join lead l on l.id = c.lead_id
               join "user" u on u.id = a.sales_id and u.disabled_at is null
               where a.id = asked_for.id and coalesce(a.status = 'open', false) offset 0) offer"#,
        attempts as _,
        fixed_now,
        provider
    )
    .fetch_all(connection)
    .await?)
}

/// The order leaves one plan: the first entry of the index by deadline. As `min(…)`, a connection that plans it while few offers are open
/// reads all of them by another index.
pub(crate) async fn next_deadline(connection: &mut PgConnection) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "select ack_deadline_at from distribution_attempt where status = 'open' order by ack_deadline_at limit 1"
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn time_to_next_deadline(
    connection: &mut PgConnection,
    fixed_now: Option<DateTime<Utc>>,
    provider: &str,
) -> Result<Option<TimeDelta>> {
    let microseconds = sqlx::query_scalar!(
        r#"select (extract(epoch from ack_deadline_at - coalesce($1::timestamptz, clock_timestamp()))
                   * 1000000)::bigint as "microseconds!"
           from distribution_attempt where status = 'open'
             and not exists (select from provider_health h where h.provider = $2 and h.frozen_since is not null)
           order by ack_deadline_at limit 1"#,
        fixed_now,
        provider
    )
    .fetch_optional(connection)
    .await?;
    Ok(microseconds.map(TimeDelta::microseconds))
}

/// Every offer that is open to the agent, oldest first.
pub(crate) async fn open_offers_of(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Vec<Offer>> {
    Ok(offers!(
        r#"where a.sales_id = $1 and a.closed_at is null order by a.assigned_at, a.id"#,
        agent.0
    )
    .fetch_all(connection)
    .await?)
}
