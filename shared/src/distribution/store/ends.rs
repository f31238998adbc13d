//! The conditional updates that end an attempt.
//!
//! `coalesce(status = 'open', false)`: a row that is found by its id is found by the index of the ids. Written as `status = 'open'`,
//! PostgreSQL can read a whole index of open rows instead, if few were open when it planned (ADR 16).

use crate::Result;
use crate::distribution::model::{Offer, Round};
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::unit_of_work::UnitOfWork;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// The claim: accepts the offer if it is open and `time` is before the deadline and not before the
/// offer, and the agent is not disabled. WhatsApp cuts times to whole seconds, so `time` may seem a
/// second too early.
///
/// While the provider is frozen, an offer that was open when the freeze opened has no deadline. The
/// claim then stores the deadline that it would have had. Returns `false` if a condition fails.
pub(crate) async fn accept(
    work: &mut UnitOfWork<'_>,
    attempt: AttemptId,
    time: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update distribution_attempt a
         set status = 'accepted', acknowledged_at = $2, closed_at = $3,
             ack_deadline_at = case when $2 < a.ack_deadline_at then a.ack_deadline_at
                                    else $2 + $5::float8 * interval '1 second' end
         where a.id = $1 and coalesce(a.status = 'open', false) and $2 >= a.assigned_at - interval '1 second'
           and not exists (select from \"user\" u where u.id = a.sales_id and u.disabled_at is not null)
           and ($2 < a.ack_deadline_at
                or exists (select from provider_health h
                           where h.provider = $4 and h.frozen_since < a.ack_deadline_at))",
        attempt.0,
        time,
        work.now,
        work.app.provider.name(),
        work.app.distribution.ack_window.as_secs_f64()
    )
    .execute(&mut *work.connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// The claim of an offer that timed out before an OK that was in time was handled. The cycle must be
/// open or held, or hangus since `hangus_after`, and the lead must have no owner. Returns `false` if a
/// condition fails.
pub(crate) async fn accept_after_roll(
    work: &mut UnitOfWork<'_>,
    attempt: AttemptId,
    time: DateTime<Utc>,
    hangus_after: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update distribution_attempt a set status = 'accepted', acknowledged_at = $2, closed_at = $3
         from distribution_cycle c
         where a.id = $1 and c.id = a.cycle_id and a.status = 'timed_out' and $2 < a.ack_deadline_at
           and $2 >= a.assigned_at - interval '1 second'
           and not exists (select from \"user\" u where u.id = a.sales_id and u.disabled_at is not null)
           and (c.status in ('open', 'held') or (c.status = 'hangus' and c.closed_at > $4))",
        attempt.0,
        time,
        work.now,
        hangus_after
    )
    .execute(&mut *work.connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// An offer that was withdrawn.
pub(crate) struct WithdrawnOffer {
    /// The attempt.
    pub(crate) attempt: AttemptId,
    /// Its cycle.
    pub(crate) cycle: CycleId,
    /// Its agent.
    pub(crate) sales_id: UserId,
    /// How it was made.
    pub(crate) round: Round,
    /// Whether the provider accepted its message.
    pub(crate) accepted: bool,
}

/// Withdraws the lead's open offers. The lead must be locked.
pub(crate) async fn withdraw_open(
    connection: &mut PgConnection,
    lead: LeadId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<WithdrawnOffer>> {
    Ok(sqlx::query_as!(
        WithdrawnOffer,
        r#"update distribution_attempt a set status = 'withdrawn', reason = $3, closed_at = $2
           from distribution_cycle c
           where c.id = a.cycle_id and c.lead_id = $1 and coalesce(a.status = 'open', false)
           returning a.id as "attempt: AttemptId", c.id as "cycle: CycleId", a.sales_id as "sales_id: UserId",
                     a.round as "round: Round", a.offer_accepted_at is not null as "accepted!""#,
        lead.0,
        now,
        reason
    )
    .fetch_all(connection)
    .await?)
}

/// Ends one open offer with this status. Returns `false` if it is not open any more.
async fn end_open(
    connection: &mut PgConnection,
    attempt: AttemptId,
    (status, reason): (&str, Option<&str>),
    now: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update distribution_attempt set status = $2, reason = $3, closed_at = $4
         where id = $1 and coalesce(status = 'open', false)",
        attempt.0,
        status,
        reason,
        now
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Withdraws one offer. Returns `false` if it is not open any more.
pub(crate) async fn withdraw(
    connection: &mut PgConnection,
    attempt: AttemptId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    end_open(connection, attempt, ("withdrawn", Some(reason)), now).await
}

pub(crate) async fn set_undeliverable(
    connection: &mut PgConnection,
    attempt: AttemptId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    end_open(connection, attempt, ("undeliverable", Some(reason)), now).await?;
    Ok(())
}

/// Ends the offer because the agent passes. Returns `false` if the offer is not open any more.
pub(crate) async fn decline(
    connection: &mut PgConnection,
    attempt: AttemptId,
    now: DateTime<Utc>,
) -> Result<bool> {
    end_open(connection, attempt, ("declined", None), now).await
}

/// The roll: times out those of these offers that are open, that the provider accepted, whose deadline has passed, and whose agent sent
/// no message in time that is unhandled. Times out none while the provider is frozen. Logs the events in the same statement.
/// Returns those that it timed out.
pub(crate) async fn time_out(
    work: &mut UnitOfWork<'_>,
    offers: &[&Offer],
    max_failures: i32,
) -> Result<Vec<AttemptId>> {
    let (attempts, leads): (Vec<Uuid>, Vec<Uuid>) = offers
        .iter()
        .map(|offer| (offer.attempt.0, offer.lead.0))
        .unzip();
    Ok(sqlx::query_scalar!(
        r#"with rolled as (
               update distribution_attempt a set status = 'timed_out', closed_at = $2
               from "user" u
               where a.id = any($1) and coalesce(a.status = 'open', false) and a.ack_deadline_at <= $2 and a.offer_accepted_at is not null
                 and u.id = a.sales_id
                 and not exists (
                     select from inbound_event e
                     where e.sender in (u.offer_address, a.offered_to) and e.failures < $3
                       and e.acknowledged_at < a.ack_deadline_at)
                 and not exists (
                     select from provider_health h where h.provider = $4 and h.frozen_since is not null)
               returning a.id, a.cycle_id, a.sales_id, a.ack_deadline_at)
           insert into distribution_event
               (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, lateness_us, worker)
           select $2, 'timed_out', $5, offer.lead, rolled.cycle_id, rolled.id, rolled.sales_id,
                  (extract(epoch from $2::timestamptz - rolled.ack_deadline_at) * 1000000)::bigint, $7
           from rolled join unnest($1, $6::uuid[]) as offer (attempt, lead) on offer.attempt = rolled.id
           returning attempt_id as "attempt_id!: AttemptId""#,
        &attempts,
        work.now,
        max_failures,
        work.app.provider.name(),
        work.cause.as_str(),
        &leads,
        &*work.app.instance
    )
    .fetch_all(&mut *work.connection)
    .await?)
}
