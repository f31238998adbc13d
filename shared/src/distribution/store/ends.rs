//! The conditional updates that end an attempt.

use super::super::event::Cause;
use super::super::model::Offer;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::{App, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::time::Duration;

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

/// Takes back the lead's open offers, for this reason. The lead must be locked.
pub(in super::super) async fn withdraw_open(
    connection: &mut PgConnection,
    lead: LeadId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<TakenBack>> {
    Ok(sqlx::query_as!(
        TakenBack,
        r#"update distribution_attempt a set status = 'withdrawn', reason = $3, closed_at = $2
           from distribution_cycle c
           where c.id = a.cycle_id and c.lead_id = $1 and a.status = 'open'
           returning a.id as "attempt: AttemptId", c.id as "cycle: CycleId", a.sales_id as "sales_id: UserId""#,
        lead.0,
        now,
        reason
    )
    .fetch_all(connection)
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
/// and the provider is not frozen. `false` if any fails. Logs itself, in the same statement.
pub(in super::super) async fn time_out(
    app: &App,
    connection: &mut PgConnection,
    offer: &Offer,
    now: DateTime<Utc>,
    most_failures: i32,
    cause: Cause,
) -> Result<bool> {
    let updated = sqlx::query!(
        r#"with rolled as (
               update distribution_attempt a set status = 'timed_out', closed_at = $2
               from "user" u
               where a.id = $1 and a.status = 'open' and a.ack_deadline_at <= $2 and u.id = a.sales_id
                 and not exists (
                     select from inbound_event e
                     where e.sender in (u.offer_address, a.offered_to) and e.failures < $3
                       and e.acknowledged_at < a.ack_deadline_at)
                 and not exists (
                     select from provider_health h where h.provider = $4 and h.frozen_since is not null)
               returning a.id, a.cycle_id, a.sales_id, a.ack_deadline_at)
           insert into distribution_event
               (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, lateness_us, worker)
           select $2, 'timed_out', $5, $6, cycle_id, id, sales_id,
                  (extract(epoch from $2::timestamptz - ack_deadline_at) * 1000000)::bigint, $7
           from rolled"#,
        offer.attempt.0,
        now,
        most_failures,
        app.provider.name(),
        cause.as_str(),
        offer.lead.0,
        &*app.instance
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}
