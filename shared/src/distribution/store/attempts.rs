//! Attempts: making them, and the conditional updates that end them.

use super::super::model::{Attempt, AttemptStatus};
use crate::Result;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The next place in a cycle's queue.
pub(in super::super) struct NextSeat {
    /// Who sits there.
    pub(in super::super) sales_id: UserId,
    /// The position that their attempt will have.
    pub(in super::super) position: i32,
    /// Whether they have a number that an offer can go to.
    pub(in super::super) reachable: bool,
}

/// The first seat of the cycle that has not been offered the lead.
pub(in super::super) async fn next_seat(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Option<NextSeat>> {
    let row = sqlx::query!(
        r#"select m.sales_id as "sales_id: UserId", u.phone,
                  (select coalesce(max(position), 0) + 1 from distribution_attempt where cycle_id = $1) as "position!"
           from distribution_cycle_member m join "user" u on u.id = m.sales_id
           where m.cycle_id = $1
             and not exists (select from distribution_attempt a where a.cycle_id = $1 and a.sales_id = m.sales_id)
           order by m.seat limit 1"#,
        cycle.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| NextSeat {
        sales_id: row.sales_id,
        position: row.position,
        reachable: row.phone.as_deref().and_then(Phone::from_e164).is_some(),
    }))
}

pub(in super::super) async fn insert_open(
    connection: &mut PgConnection,
    id: AttemptId,
    cycle: CycleId,
    seat: &NextSeat,
    now: DateTime<Utc>,
    deadline: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into distribution_attempt (id, cycle_id, sales_id, position, status, assigned_at, ack_deadline_at)
         values ($1, $2, $3, $4, 'open', $5, $6)",
        id.0,
        cycle.0,
        seat.sales_id.0,
        seat.position,
        now,
        deadline
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn insert_unreachable(
    connection: &mut PgConnection,
    id: AttemptId,
    cycle: CycleId,
    seat: &NextSeat,
    now: DateTime<Utc>,
    deadline: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into distribution_attempt
             (id, cycle_id, sales_id, position, status, reason, assigned_at, ack_deadline_at, closed_at)
         values ($1, $2, $3, $4, 'undeliverable', 'no_number', $5, $6, $5)",
        id.0,
        cycle.0,
        seat.sales_id.0,
        seat.position,
        now,
        deadline
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The claim: open, and `time` before the deadline. `false` if either fails.
pub(in super::super) async fn accept(
    connection: &mut PgConnection,
    attempt: AttemptId,
    time: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update distribution_attempt set status = 'accepted', acknowledged_at = $2, closed_at = $3
         where id = $1 and status = 'open' and $2 < ack_deadline_at",
        attempt.0,
        time,
        now
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// The roll: open, and the deadline has come. `false` if either fails.
pub(in super::super) async fn time_out(
    connection: &mut PgConnection,
    attempt: AttemptId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update distribution_attempt set status = 'timed_out', closed_at = $2
         where id = $1 and status = 'open' and ack_deadline_at <= $2",
        attempt.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Records, once, that the provider took the offer; more than a second after the assignment, the
/// deadline moves forward by what was lost. Returns the deadline; `None` if there was nothing to record.
pub(in super::super) async fn record_offer_accepted(
    connection: &mut PgConnection,
    attempt: AttemptId,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "update distribution_attempt
         set offer_accepted_at = $2,
             ack_deadline_at = case when $2 - assigned_at > interval '1 second'
                                    then greatest(ack_deadline_at, $2 + (ack_deadline_at - assigned_at))
                                    else ack_deadline_at end
         where id = $1 and status = 'open' and offer_accepted_at is null
         returning ack_deadline_at",
        attempt.0,
        now
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
                  position, status as "status: AttemptStatus", reason, assigned_at, ack_deadline_at,
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
                  a.position, a.status as "status: AttemptStatus", a.reason, a.assigned_at, a.ack_deadline_at,
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
