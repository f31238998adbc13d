//! Offers: an attempt with its cycle and lead. The locking reads take them in the one order,
//! lead → cycle → attempt: `for update of l, c, a` locks in the order of that list.

use super::super::model::{AttemptStatus, Offer, Round};
use super::inbound::WORD_LOCK_CLASS;
use crate::Result;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// An open offer with all that its text needs, read at one moment.
pub(in super::super) struct SendableOffer {
    pub(in super::super) now: DateTime<Utc>,
    pub(in super::super) cycle: CycleId,
    pub(in super::super) lead: LeadId,
    pub(in super::super) label: String,
    pub(in super::super) code: Option<String>,
    pub(in super::super) assigned_at: DateTime<Utc>,
    pub(in super::super) ack_deadline_at: DateTime<Utc>,
    pub(in super::super) round: Round,
    /// The number that it goes to.
    pub(in super::super) offered_to: Option<String>,
    pub(in super::super) lead_name: Option<String>,
    pub(in super::super) lead_phone: Option<String>,
    pub(in super::super) lead_source: Option<String>,
    pub(in super::super) lead_project: Option<String>,
    pub(in super::super) lead_area: Option<String>,
    /// A freeze has stopped its time.
    pub(in super::super) held: bool,
    /// What the client last wrote.
    pub(in super::super) words: Option<String>,
}

/// Waits until the agent's words that are being written down now have been, and then reads the clock,
/// in a statement of its own, so that the next one sees them. A word that comes later reads the
/// clock later.
///
/// The agent may answer from the number that the offer went to and from the one that they have now.
/// The locks are held for an instant: rolls of one agent's offers do not wait for one another.
pub(in super::super) async fn now_that_words_are_written(
    connection: &mut PgConnection,
    offer: &Offer,
    fixed_now: Option<DateTime<Utc>>,
) -> Result<DateTime<Utc>> {
    // A select list is evaluated in its order: locked, released, and the clock read after that.
    let row = sqlx::query!(
        r#"select pg_advisory_lock($1, least(then_key, now_key))::text as held,
                  pg_advisory_lock($1, greatest(then_key, now_key))::text as held_too,
                  pg_advisory_unlock($1, greatest(then_key, now_key)) as released,
                  pg_advisory_unlock($1, least(then_key, now_key)) as released_too,
                  coalesce($3::timestamptz, clock_timestamp()) as "now!"
           from (select hashtext(coalesce(a.offered_to, u.offer_address, '')) as then_key,
                        hashtext(coalesce(u.offer_address, a.offered_to, '')) as now_key
                 from distribution_attempt a join "user" u on u.id = a.sales_id
                 where a.id = $2 offset 0) address"#,
        WORD_LOCK_CLASS,
        offer.attempt.0,
        fixed_now
    )
    .fetch_one(connection)
    .await?;
    Ok(row.now)
}

/// The offer with everything about it locked, as it is once the locks are held.
pub(in super::super) async fn lock_offer(
    connection: &mut PgConnection,
    attempt: AttemptId,
) -> Result<Option<Offer>> {
    Ok(sqlx::query_as!(
        Offer,
        r#"select a.id as "attempt: AttemptId", c.id as "cycle: CycleId", l.id as "lead: LeadId",
                  a.sales_id as "sales_id: UserId", a.status as "status: AttemptStatus",
                  a.ack_deadline_at, a.code, a.round as "round: Round"
           from distribution_attempt a
           join distribution_cycle c on c.id = a.cycle_id
           join lead l on l.id = c.lead_id
           where a.id = $1
           for update of l, c, a"#,
        attempt.0
    )
    .fetch_optional(connection)
    .await?)
}

/// A due offer, oldest deadline first, locked; one whose lead somebody else is at is passed over.
pub(in super::super) async fn lock_a_due_offer(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    but_not: &[AttemptId],
) -> Result<Option<Offer>> {
    Ok(sqlx::query_as!(
        Offer,
        r#"select a.id as "attempt: AttemptId", c.id as "cycle: CycleId", l.id as "lead: LeadId",
                  a.sales_id as "sales_id: UserId", a.status as "status: AttemptStatus",
                  a.ack_deadline_at, a.code, a.round as "round: Round"
           from distribution_attempt a
           join distribution_cycle c on c.id = a.cycle_id
           join lead l on l.id = c.lead_id
           where a.status = 'open' and a.ack_deadline_at <= $1 and a.id <> all($2::uuid[])
           order by a.ack_deadline_at
           limit 1
           for update of l, c, a skip locked"#,
        now,
        but_not as _
    )
    .fetch_optional(connection)
    .await?)
}

/// Locks an offer's cycle and attempt. Its lead must be locked already.
pub(in super::super) async fn lock_cycle_and_attempt(
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

pub(in super::super) async fn offer(
    connection: &mut PgConnection,
    attempt: AttemptId,
) -> Result<Option<Offer>> {
    Ok(sqlx::query_as!(
        Offer,
        r#"select a.id as "attempt: AttemptId", c.id as "cycle: CycleId", c.lead_id as "lead: LeadId",
                  a.sales_id as "sales_id: UserId", a.status as "status: AttemptStatus",
                  a.ack_deadline_at, a.code, a.round as "round: Round"
           from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
           where a.id = $1"#,
        attempt.0
    )
    .fetch_optional(connection)
    .await?)
}

/// The agent's offers that an OK of `time` can take, oldest first: open ones, without a deadline
/// where a freeze has stopped it, and those that were
/// rolled although `time` is before their deadline, unless the lead is taken or their cycle went
/// hangus before `hangus_after`.
pub(in super::super) async fn offers_live_at(
    connection: &mut PgConnection,
    agent: &UserId,
    time: DateTime<Utc>,
    by: DateTime<Utc>,
    hangus_after: DateTime<Utc>,
    provider: &str,
) -> Result<Vec<Offer>> {
    // The window is a day at most, and moves once: what was assigned earlier is over.
    Ok(sqlx::query_as!(
        Offer,
        r#"select a.id as "attempt: AttemptId", c.id as "cycle: CycleId", c.lead_id as "lead: LeadId",
                  a.sales_id as "sales_id: UserId", a.status as "status: AttemptStatus",
                  a.ack_deadline_at, a.code, a.round as "round: Round"
           from distribution_attempt a
           join distribution_cycle c on c.id = a.cycle_id
           join lead l on l.id = c.lead_id
           where a.sales_id = $1 and a.assigned_at between $2::timestamptz - interval '2 days' and $3
             and ((a.status = 'open'
                   and ($2 < a.ack_deadline_at
                        or exists (select from provider_health h
                                   where h.provider = $5 and h.frozen_since < a.ack_deadline_at)))
                  or (a.status = 'timed_out' and $2 < a.ack_deadline_at and l.owner_sales_id is null
                      and (c.status = 'open' or (c.status = 'hangus' and c.closed_at > $4))))
           order by a.assigned_at, a.id"#,
        agent.0,
        time,
        by,
        hangus_after,
        provider
    )
    .fetch_all(connection)
    .await?)
}

/// The agent's offer of that code: the open one, or else the latest of those that had been made by
/// then and not days ago.
pub(in super::super) async fn offer_by_code(
    connection: &mut PgConnection,
    agent: &UserId,
    code: &str,
    by: DateTime<Utc>,
) -> Result<Option<Offer>> {
    Ok(sqlx::query_as!(
        Offer,
        r#"select a.id as "attempt: AttemptId", c.id as "cycle: CycleId", c.lead_id as "lead: LeadId",
                  a.sales_id as "sales_id: UserId", a.status as "status: AttemptStatus",
                  a.ack_deadline_at, a.code, a.round as "round: Round"
           from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
           where a.sales_id = $1 and a.code = $2 and a.status <> 'undeliverable'
             and a.assigned_at between $3::timestamptz - interval '2 days' and $3
           order by (a.status = 'open') desc, a.assigned_at desc limit 1"#,
        agent.0,
        code,
        by
    )
    .fetch_optional(connection)
    .await?)
}

/// The offer last made to the agent by that time, however it ended, if it reached them.
pub(in super::super) async fn latest_offer(
    connection: &mut PgConnection,
    agent: &UserId,
    by: DateTime<Utc>,
) -> Result<Option<Offer>> {
    Ok(sqlx::query_as!(
        Offer,
        r#"select a.id as "attempt: AttemptId", c.id as "cycle: CycleId", c.lead_id as "lead: LeadId",
                  a.sales_id as "sales_id: UserId", a.status as "status: AttemptStatus",
                  a.ack_deadline_at, a.code, a.round as "round: Round"
           from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
           where a.sales_id = $1 and a.status <> 'undeliverable' and a.assigned_at <= $2
           order by a.assigned_at desc, a.id desc limit 1"#,
        agent.0,
        by
    )
    .fetch_optional(connection)
    .await?)
}

/// The offer, if it is open. One statement over four tables: an offer is sent for every roll, and
/// each round trip less is time for the next deadline.
pub(in super::super) async fn sendable_offer(
    connection: &mut PgConnection,
    attempt: AttemptId,
    fixed_now: Option<DateTime<Utc>>,
    provider: &str,
) -> Result<Option<SendableOffer>> {
    Ok(sqlx::query_as!(
        SendableOffer,
        r#"select coalesce($2::timestamptz, clock_timestamp()) as "now!",
                  c.id as "cycle: CycleId", c.lead_id as "lead: LeadId", m.label, a.code,
                  a.assigned_at, a.ack_deadline_at, a.round as "round: Round",
                  coalesce(a.offered_to, u.offer_address) as offered_to,
                  l.name as lead_name, l.phone as lead_phone, l.source_ads as lead_source,
                  l.project as lead_project, l.area as lead_area,
                  exists (select from provider_health h
                          where h.provider = $3 and h.frozen_since < a.ack_deadline_at) as "held!",
                  (select body from wa_message w
                   where w.lead_id = l.id and w.direction = 'in' and w.kind = 'client'
                   order by w.created_at desc limit 1) as words
           from distribution_attempt a
           join distribution_cycle c on c.id = a.cycle_id
           join distribution_cycle_member m on m.cycle_id = a.cycle_id and m.sales_id = a.sales_id
           join lead l on l.id = c.lead_id
           join "user" u on u.id = a.sales_id
           where a.id = $1 and a.status = 'open'"#,
        attempt.0,
        fixed_now,
        provider
    )
    .fetch_optional(connection)
    .await?)
}

pub(in super::super) async fn next_deadline(
    connection: &mut PgConnection,
) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "select min(ack_deadline_at) from distribution_attempt where status = 'open'"
    )
    .fetch_one(connection)
    .await?)
}

pub(in super::super) async fn time_to_next_deadline(
    connection: &mut PgConnection,
    fixed_now: Option<DateTime<Utc>>,
    provider: &str,
) -> Result<Option<TimeDelta>> {
    let microseconds = sqlx::query_scalar!(
        "select (extract(epoch from min(ack_deadline_at) - coalesce($1::timestamptz, clock_timestamp()))
                 * 1000000)::bigint
         from distribution_attempt where status = 'open'
           and not exists (select from provider_health h where h.provider = $2 and h.frozen_since is not null)",
        fixed_now,
        provider
    )
    .fetch_one(connection)
    .await?;
    Ok(microseconds.map(TimeDelta::microseconds))
}

/// Every offer that is open to the agent, oldest first.
pub(in super::super) async fn open_offers_of(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Vec<Offer>> {
    Ok(sqlx::query_as!(
        Offer,
        r#"select a.id as "attempt: AttemptId", c.id as "cycle: CycleId", c.lead_id as "lead: LeadId",
                  a.sales_id as "sales_id: UserId", a.status as "status: AttemptStatus",
                  a.ack_deadline_at, a.code, a.round as "round: Round"
           from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
           where a.sales_id = $1 and a.status = 'open' order by a.assigned_at, a.id"#,
        agent.0
    )
    .fetch_all(connection)
    .await?)
}

/// A place in a queue.
pub(in super::super) struct Place {
    /// The queue's name.
    pub(in super::super) queue: String,
    /// The place's label.
    pub(in super::super) label: String,
    /// The first, the second …
    pub(in super::super) number: i64,
    /// Of so many.
    pub(in super::super) of: i64,
}

/// The agent's active places.
pub(in super::super) async fn places_of(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Vec<Place>> {
    Ok(sqlx::query_as!(
        Place,
        r#"select queue, label, number as "number!", of as "of!"
           from (select q.name as queue, sq.label, sq.sales_id, q.is_default,
                        row_number() over (partition by q.id order by sq.queue_order) as number,
                        count(*) over (partition by q.id) as of
                 from sales_queue sq join distribution_queue q on q.id = sq.queue_id where sq.active) place
           where sales_id = $1 order by is_default desc, queue"#,
        agent.0
    )
    .fetch_all(connection)
    .await?)
}
