//! Attempts: making them, and the conditional updates that end them.

use super::super::model::{Attempt, AttemptStatus};
use crate::Result;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::time::Duration;

/// An attempt just written.
pub(in super::super) struct NewAttempt {
    /// Whose it is.
    pub(in super::super) sales_id: UserId,
    /// Its position in the cycle.
    pub(in super::super) position: i32,
    /// Open, or closed at once because there is no number that an offer can go to: the history
    /// says why this agent was passed over.
    pub(in super::super) reachable: bool,
}

/// Writes the attempt of the first seat that has not been offered the lead; `None` if all have.
pub(in super::super) async fn insert_next(
    connection: &mut PgConnection,
    id: AttemptId,
    cycle: CycleId,
    now: DateTime<Utc>,
    deadline: DateTime<Utc>,
) -> Result<Option<NewAttempt>> {
    Ok(sqlx::query_as!(
        NewAttempt,
        r#"with seat as (
               select m.sales_id, coalesce(upper(substring(m.label from '[A-Za-z]')), 'L') as letter,
                      coalesce(u.phone ~ '^\+[1-9][0-9]{6,14}$', false) as reachable
               from distribution_cycle_member m join "user" u on u.id = m.sales_id
               where m.cycle_id = $2
                 and not exists (select from distribution_attempt a
                                 where a.cycle_id = $2 and a.sales_id = m.sales_id)
               order by m.seat limit 1),
           number as (select nextval('offer_code') as n from seat),
           -- Three digits come round again; a number that never does, while that offer is open still.
           named as (
               select seat.*, case when exists (
                   select from distribution_attempt o
                   where o.sales_id = seat.sales_id and o.status = 'open'
                     and o.code = letter || (1 + n % 999))
                   then letter || (1000 + n) else letter || (1 + n % 999) end as code
               from seat, number)
           insert into distribution_attempt
               (id, cycle_id, sales_id, code, position, status, reason, assigned_at, ack_deadline_at, closed_at)
           select $1, $2, sales_id, code,
                  (select coalesce(max(position), 0) + 1 from distribution_attempt where cycle_id = $2),
                  case when reachable then 'open' else 'undeliverable' end,
                  case when reachable then null else 'no_number' end,
                  $3::timestamptz, $4::timestamptz,
                  case when reachable then null else $3::timestamptz end
           from named
           returning sales_id as "sales_id: UserId", position, status = 'open' as "reachable!""#,
        id.0,
        cycle.0,
        now,
        deadline
    )
    .fetch_optional(connection)
    .await?)
}

/// The claim: open, and `time` before the deadline, but not from before the offer (to the second that
/// WhatsApp's times are cut to). While the provider is frozen an offer that was open when the freeze
/// began has no deadline; the claim writes down the one that it would have had. `false` if any fails.
pub(in super::super) async fn accept(
    connection: &mut PgConnection,
    attempt: AttemptId,
    time: DateTime<Utc>,
    now: DateTime<Utc>,
    provider: &str,
    window: Duration,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update distribution_attempt a
         set status = 'accepted', acknowledged_at = $2, closed_at = $3,
             ack_deadline_at = case when $2 < a.ack_deadline_at then a.ack_deadline_at
                                    else $2 + $5::float8 * interval '1 second' end
         where a.id = $1 and a.status = 'open' and $2 >= a.assigned_at - interval '1 second'
           and ($2 < a.ack_deadline_at
                or exists (select from provider_health h
                           where h.provider = $4 and h.frozen_since < a.ack_deadline_at))",
        attempt.0,
        time,
        now,
        provider,
        window.as_secs_f64()
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// The claim of an offer that was rolled before this OK, which was in time, was heard: its cycle
/// open, or hangus since `hangus_after`. `false` if any fails. The lead must have no owner.
pub(in super::super) async fn accept_after_roll(
    connection: &mut PgConnection,
    attempt: AttemptId,
    time: DateTime<Utc>,
    now: DateTime<Utc>,
    hangus_after: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update distribution_attempt a set status = 'accepted', acknowledged_at = $2, closed_at = $3
         from distribution_cycle c
         where a.id = $1 and c.id = a.cycle_id and a.status = 'timed_out' and $2 < a.ack_deadline_at
           and $2 >= a.assigned_at - interval '1 second'
           and (c.status = 'open' or (c.status = 'hangus' and c.closed_at > $4))",
        attempt.0,
        time,
        now,
        hangus_after
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// An offer taken back.
pub(in super::super) struct TakenBack {
    /// The attempt.
    pub(in super::super) attempt: AttemptId,
    /// Its cycle.
    pub(in super::super) cycle: CycleId,
    /// Whose it was.
    pub(in super::super) sales_id: UserId,
}

/// Takes back the lead's open offer, if there is one. The lead must be locked.
pub(in super::super) async fn withdraw_open(
    connection: &mut PgConnection,
    lead: LeadId,
    now: DateTime<Utc>,
) -> Result<Option<TakenBack>> {
    Ok(sqlx::query_as!(
        TakenBack,
        r#"update distribution_attempt a set status = 'withdrawn', reason = 'earlier_ok', closed_at = $2
           from distribution_cycle c
           where c.id = a.cycle_id and c.lead_id = $1 and a.status = 'open'
           returning a.id as "attempt: AttemptId", c.id as "cycle: CycleId", a.sales_id as "sales_id: UserId""#,
        lead.0,
        now
    )
    .fetch_optional(connection)
    .await?)
}

pub(in super::super) async fn set_undeliverable(
    connection: &mut PgConnection,
    attempt: AttemptId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update distribution_attempt set status = 'undeliverable', reason = $2, closed_at = $3
         where id = $1 and status = 'open'",
        attempt.0,
        reason,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The agent passes. `false` if the offer is not open any more.
pub(in super::super) async fn decline(
    connection: &mut PgConnection,
    attempt: AttemptId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update distribution_attempt set status = 'declined', closed_at = $2
         where id = $1 and status = 'open'",
        attempt.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// The roll: open, the deadline has come, no word of the agent's that came in time is left unheard,
/// and the provider is not frozen. `false` if any fails.
pub(in super::super) async fn time_out(
    connection: &mut PgConnection,
    attempt: AttemptId,
    now: DateTime<Utc>,
    most_failures: i32,
    provider: &str,
) -> Result<bool> {
    let updated = sqlx::query!(
        r#"update distribution_attempt a set status = 'timed_out', closed_at = $2
           where a.id = $1 and a.status = 'open' and a.ack_deadline_at <= $2
             and not exists (
                 select from inbound_event e join "user" u on u.phone = e.sender
                 where u.id = a.sales_id and e.failures < $3
                   and e.acknowledged_at < a.ack_deadline_at)
             and not exists (
                 select from provider_health h where h.provider = $4 and h.frozen_since is not null)"#,
        attempt.0,
        now,
        most_failures,
        provider
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Records, once, that the provider took the offer; more than a second after the assignment, the
/// deadline moves forward, to a window from then, unless it has come: then it is final. Returns the
/// deadline; `None` if there was nothing to record.
pub(in super::super) async fn record_offer_accepted(
    connection: &mut PgConnection,
    attempt: AttemptId,
    now: DateTime<Utc>,
    window: Duration,
) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "update distribution_attempt
         set offer_accepted_at = $2,
             ack_deadline_at = case when $2 - assigned_at > interval '1 second' and $2 < ack_deadline_at
                                    then greatest(ack_deadline_at, $2 + $3::float8 * interval '1 second')
                                    else ack_deadline_at end
         where id = $1 and status = 'open' and offer_accepted_at is null
         returning ack_deadline_at",
        attempt.0,
        now,
        window.as_secs_f64()
    )
    .fetch_optional(connection)
    .await?)
}

pub(in super::super) async fn attempts(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Vec<Attempt>> {
    Ok(sqlx::query_as!(
        Attempt,
        r#"select id as "id: AttemptId", cycle_id as "cycle_id: CycleId", sales_id as "sales_id: UserId",
                  position, code, status as "status: AttemptStatus", reason, assigned_at, ack_deadline_at,
                  offer_accepted_at, acknowledged_at, closed_at
           from distribution_attempt where cycle_id = $1 order by position"#,
        cycle.0
    )
    .fetch_all(connection)
    .await?)
}

/// The given attempt of the lead, or else its latest.
pub(in super::super) async fn attempt_to_show(
    connection: &mut PgConnection,
    lead: LeadId,
    attempt: Option<AttemptId>,
) -> Result<Option<Attempt>> {
    Ok(sqlx::query_as!(
        Attempt,
        r#"select a.id as "id: AttemptId", a.cycle_id as "cycle_id: CycleId", a.sales_id as "sales_id: UserId",
                  a.position, a.code, a.status as "status: AttemptStatus", a.reason, a.assigned_at, a.ack_deadline_at,
                  a.offer_accepted_at, a.acknowledged_at, a.closed_at
           from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
           where c.lead_id = $1
           order by (a.id = $2) desc nulls last, c.started_at desc, a.position desc limit 1"#,
        lead.0,
        attempt.map(|attempt| attempt.0)
    )
    .fetch_optional(connection)
    .await?)
}
