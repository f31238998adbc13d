//! Inserting attempts.

use crate::Result;
use crate::distribution::turn::Contender;
use crate::id::{AttemptId, CycleId};
use crate::phone::Phone;
use crate::sales::Agent;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

/// An attempt to be inserted.
pub(crate) struct NewAttempt<'input> {
    pub(crate) id: AttemptId,
    pub(crate) contender: &'input Contender,
    /// Open, or ended at once because the agent has no offer address. The history then says why the agent was
    /// skipped.
    pub(crate) open: bool,
}

impl<'input> NewAttempt<'input> {
    pub(crate) fn open(id: AttemptId, contender: &'input Contender) -> Self {
        Self {
            id,
            contender,
            open: true,
        }
    }

    pub(crate) fn unreachable(contender: &'input Contender) -> Self {
        Self {
            id: AttemptId::new(),
            contender,
            open: false,
        }
    }
}

/// Inserts attempts at the cycle's next positions, assigned `now` and due at `deadline`. Returns the
/// last position.
pub(crate) async fn insert_attempts(
    connection: &mut PgConnection,
    cycle: CycleId,
    new: &[NewAttempt<'_>],
    round: &str,
    (now, deadline): (DateTime<Utc>, DateTime<Utc>),
) -> Result<i32> {
    let ids: Vec<Uuid> = new.iter().map(|one| one.id.0).collect();
    let sales: Vec<&str> = new
        .iter()
        .map(|one| one.contender.sales_id.0.as_str())
        .collect();
    let labels: Vec<&str> = new.iter().map(|one| one.contender.label.as_str()).collect();
    let addresses: Vec<Option<&str>> = new
        .iter()
        .map(|one| one.contender.address.as_deref())
        .collect();
    let open: Vec<bool> = new.iter().map(|one| one.open).collect();
    let positions = sqlx::query_scalar!(
        r#"with number as (
               select id, sales_id, address, open, n, nextval('offer_code') as serial,
                      coalesce(upper(substring(label from '[A-Za-z]')), 'L') as letter
               from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bool[])
                    with ordinality as new (id, sales_id, label, address, open, n)),
           -- Three digits come round again; a number that never does, while that offer is open still.
           named as (
               select number.*, case when exists (
                   select from distribution_attempt o
                   where o.sales_id = number.sales_id and o.status = 'open'
                     and o.code = letter || (1 + serial % 999))
                   then letter || (1000 + serial) else letter || (1 + serial % 999) end as code
               from number)
           insert into distribution_attempt
               (id, cycle_id, sales_id, code, offered_to, position, round, status, reason,
                assigned_at, ack_deadline_at, closed_at)
           select id, $1, sales_id, code, address,
                  (select coalesce(max(position), 0) from distribution_attempt where cycle_id = $1) + n::int,
                  $7, case when open then 'open' else 'undeliverable' end,
                  case when open then null else 'no_number' end,
                  $8::timestamptz, $9::timestamptz,
                  case when open then null else $8::timestamptz end
           from named
           returning position"#,
        cycle.0,
        &ids,
        &sales as _,
        &labels as _,
        &addresses as _,
        &open,
        round,
        now,
        deadline
    )
    .fetch_all(connection)
    .await?;
    Ok(positions.into_iter().max().unwrap_or(0))
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
        r#"select exists (select from distribution_attempt where cycle_id = $1 and status = 'open') as "open!""#,
        cycle.0
    )
    .fetch_one(connection)
    .await?)
}

/// Records, once, that the provider accepted the offer. If that is more than a second after the
/// assignment and before the deadline, the deadline moves to a full window from now. Returns the
/// deadline, or `None` if there was nothing to record.
pub(crate) async fn record_offer_accepted(
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
