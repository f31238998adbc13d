//! Inserting attempts, with what follows from them.

use super::events::EventColumns;
use crate::Result;
use crate::distribution::event::Event;
use crate::distribution::model::Round;
use crate::distribution::turn::Contender;
use crate::id::{AttemptId, CycleId, UserId};
use crate::jobs::{ANNOUNCE_WITHIN, Announce, CHANNEL, JobColumns, Origin, Scheduled};
use crate::phone::Phone;
use crate::sales::Agent;
use crate::unit_of_work::UnitOfWork;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

/// An attempt to be inserted.
pub(crate) struct NewAttempt {
    pub(crate) id: AttemptId,
    pub(crate) cycle: CycleId,
    pub(crate) sales_id: UserId,
    label: String,
    address: Option<String>,
    /// Open, or ended at once because the agent has no offer address. The history then says why the agent was
    /// skipped.
    pub(crate) open: bool,
}

impl NewAttempt {
    /// An offer to this agent.
    pub(crate) fn open(id: AttemptId, cycle: CycleId, contender: &Contender) -> Self {
        Self {
            id,
            cycle,
            sales_id: contender.sales_id.clone(),
            label: contender.label.clone(),
            address: contender.address.clone(),
            open: true,
        }
    }

    /// What the history says of an agent who has no offer address.
    pub(crate) fn unreachable(cycle: CycleId, contender: &Contender) -> Self {
        Self {
            open: false,
            ..Self::open(AttemptId::new(), cycle, contender)
        }
    }
}

/// What offers consist of: their attempts, the events that tell of them, and the jobs that send and check them.
pub(crate) struct NewOffers {
    /// Those of a cycle in the order of their positions.
    pub(crate) attempts: Vec<NewAttempt>,
    pub(crate) round: Round,
    /// The event of an attempt also gets its `position`.
    pub(crate) events: Vec<Event>,
    pub(crate) jobs: Vec<Scheduled>,
}

impl NewOffers {
    /// Of no cycle yet, in turn.
    pub(crate) fn none() -> Self {
        Self {
            attempts: Vec::new(),
            round: Round::Turn,
            events: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// Adds those of another cycle, of the same round.
    pub(crate) fn add(&mut self, others: Self) {
        self.attempts.extend(others.attempts);
        self.events.extend(others.events);
        self.jobs.extend(others.jobs);
    }
}

/// Inserts offers at the next positions of their cycles, assigned now and due after the window, with their events and jobs,
/// in one statement. Returns the position of each attempt.
///
/// The code of an offer has three digits, which come round again. If an offer of that agent with the code is open
/// still, the code gets a number that never comes round. That offer is looked for as the first in the order of the
/// index: asked for by `=`, PostgreSQL may read all open offers of the agent, if it planned while few were open.
pub(crate) async fn make_offers(
    work: &mut UnitOfWork<'_>,
    new: &NewOffers,
) -> Result<HashMap<AttemptId, i32>> {
    let attempts = AttemptColumns::of(&new.attempts);
    let (events, jobs) = (EventColumns::of(&new.events), JobColumns::of(&new.jobs));
    let origin = Origin::here();
    let made = sqlx::query!(
        r#"with number as (
               select id, cycle_id, sales_id, address, open,
                      row_number() over (partition by cycle_id order by n)::int as nth, nextval('offer_code') as serial,
                      coalesce(upper(substring(label from '[A-Za-z]')), 'L') as letter
               from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bool[], $1::uuid[])
                    with ordinality as new (id, sales_id, label, address, open, cycle_id, n)),
           named as (
               select number.*, coalesce(
                   (select letter || (1000 + serial)
                    from (select o.sales_id, o.code from distribution_attempt o
                          where o.closed_at is null
                            and (o.sales_id, o.code) >= (number.sales_id, letter || (1 + serial % 999))
                          order by o.sales_id, o.code limit 1) first
                    where first.sales_id = number.sales_id and first.code = letter || (1 + serial % 999)),
                   letter || (1 + serial % 999)) as code
               from number),
           made as (
               insert into distribution_attempt
                   (id, cycle_id, sales_id, code, offered_to, position, round, status, reason,
                    assigned_at, ack_deadline_at, closed_at)
               select id, cycle_id, sales_id, code, address,
                      (select coalesce(max(a.position), 0) from distribution_attempt a where a.cycle_id = named.cycle_id) + nth,
                      $7, case when open then 'open' else 'undeliverable' end,
                      case when open then null else 'no_number' end,
                      $8::timestamptz, $9::timestamptz,
                      case when open then null else $8::timestamptz end
               from named
               returning id, position),
           logged as (
               insert into distribution_event
                   (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, lateness_us, detail, worker)
               select $8::timestamptz, kind, $10, lead, cycle, attempt, sales, lateness,
                      case when made.position is null then detail
                           else coalesce(detail, '{}') || jsonb_build_object('position', made.position) end, $11
               from unnest($12::text[], $13::uuid[], $14::uuid[], $15::uuid[], $16::text[], $17::bigint[], $18::jsonb[])
                    with ordinality as event (kind, lead, cycle, attempt, sales, lateness, detail, n)
               left join made on made.id = event.attempt
               order by n),
           enqueued as (
               insert into apalis.jobs
                   (id, job_type, job, run_at, max_attempts, priority, idempotency_key, metadata)
               select id, queue, payload, due, tries, 0, key, hstore($25::text[], $29::text[])
               from unnest($19::text[], $20::text[], $21::bytea[], $22::timestamptz[], $23::int[], $24::text[])
                    as job (id, queue, payload, due, tries, key)
               on conflict (job_type, idempotency_key) do nothing
               returning job_type, run_at)
           select made.id as "id: AttemptId", made.position,
                  (select count(pg_notify($26, job_type)) from enqueued
                   where $27::bool and run_at <= clock_timestamp() + $28::float8 * interval '1 second') as announced
           from made"#,
        &attempts.cycles,
        &attempts.ids,
        &attempts.sales as _,
        &attempts.labels as _,
        &attempts.addresses as _,
        &attempts.open,
        new.round.as_str(),
        work.now,
        work.deadline_of_an_offer(),
        work.cause.as_str(),
        &*work.app.instance,
        &events.kinds as _,
        &events.leads as _,
        &events.cycles as _,
        &events.attempts as _,
        &events.sales as _,
        &events.lateness as _,
        &events.details as _,
        &jobs.ids as _,
        &jobs.queues as _,
        &jobs.payloads as _,
        &jobs.times,
        &jobs.tries,
        &jobs.keys as _,
        &origin.keys as _,
        CHANNEL,
        work.app.announce == Announce::Everyone,
        ANNOUNCE_WITHIN.as_secs_f64(),
        &origin.values
    );
    let made = made.fetch_all(&mut *work.connection).await?;
    Ok(made.into_iter().map(|one| (one.id, one.position)).collect())
}

struct AttemptColumns<'input> {
    ids: Vec<Uuid>,
    cycles: Vec<Uuid>,
    sales: Vec<&'input str>,
    labels: Vec<&'input str>,
    addresses: Vec<Option<&'input str>>,
    open: Vec<bool>,
}

impl<'input> AttemptColumns<'input> {
    fn of(new: &'input [NewAttempt]) -> Self {
        Self {
            ids: new.iter().map(|one| one.id.0).collect(),
            cycles: new.iter().map(|one| one.cycle.0).collect(),
            sales: new.iter().map(|one| one.sales_id.0.as_str()).collect(),
            labels: new.iter().map(|one| one.label.as_str()).collect(),
            addresses: new.iter().map(|one| one.address.as_deref()).collect(),
            open: new.iter().map(|one| one.open).collect(),
        }
    }
}

/// Inserts the attempt that records an assignment by hand.
pub(crate) async fn insert_assigned(
    connection: &mut PgConnection,
    id: AttemptId,
    cycle: CycleId,
    agent: &Agent,
    (now, deadline): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    sqlx::query!(
        "insert into distribution_attempt
             (id, cycle_id, sales_id, offered_to, position, round, status, assigned_at, ack_deadline_at, closed_at)
         select $1, $2, $3, $4, coalesce(max(position), 0) + 1, 'by_hand', 'assigned', $5, $6, $5
         from distribution_attempt where cycle_id = $2",
        id.0,
        cycle.0,
        agent.id.0,
        agent.phone.as_ref().map(Phone::as_str),
        now,
        deadline
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Records that the last round of a cycle starts.
pub(crate) async fn begin_last_round(
    connection: &mut PgConnection,
    cycle: CycleId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update distribution_cycle set last_round_at = $2 where id = $1",
        cycle.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether another offer of the cycle is open.
pub(crate) async fn others_are_open(connection: &mut PgConnection, cycle: CycleId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from distribution_attempt where cycle_id = $1 and coalesce(status = 'open', false)) as "open!""#,
        cycle.0
    )
    .fetch_one(connection)
    .await?)
}

/// Forgets that the provider accepted the open offer, and moves its deadline to this one, which is later. Returns `false` if the offer
/// is not open or was not accepted.
pub(crate) async fn forget_acceptance(
    connection: &mut PgConnection,
    attempt: AttemptId,
    deadline: DateTime<Utc>,
) -> Result<bool> {
    let forgotten = sqlx::query!(
        "update distribution_attempt set offer_accepted_at = null, ack_deadline_at = greatest(ack_deadline_at, $2)
         where id = $1 and coalesce(status = 'open', false) and offer_accepted_at is not null",
        attempt.0,
        deadline
    )
    .execute(connection)
    .await?;
    Ok(forgotten.rows_affected() == 1)
}

/// Records, once, that the provider accepted these offers. If that is more than a second after the
/// assignment and before the deadline, the deadline moves to a full window from now. Returns the
/// deadline of each for which there was something to record.
pub(crate) async fn record_offers_accepted(
    connection: &mut PgConnection,
    attempts: &[AttemptId],
    now: DateTime<Utc>,
    window: Duration,
) -> Result<Vec<(AttemptId, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"update distribution_attempt
           set offer_accepted_at = $2,
               ack_deadline_at = case when $2 - assigned_at > interval '1 second' and $2 < ack_deadline_at
                                      then greatest(ack_deadline_at, $2 + $3::float8 * interval '1 second')
                                      else ack_deadline_at end
           where id = any($1) and coalesce(status = 'open', false) and offer_accepted_at is null
           returning id as "attempt: AttemptId", ack_deadline_at"#,
        attempts as _,
        now,
        window.as_secs_f64()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.attempt, row.ack_deadline_at))
        .collect())
}
