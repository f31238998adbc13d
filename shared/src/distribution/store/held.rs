//! Held cycles.

use crate::Result;
use crate::id::{CycleId, LeadId, QueueId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A held cycle, locked with its lead.
pub(crate) struct HeldCycle {
    pub(crate) lead: LeadId,
    pub(crate) queue: Option<QueueId>,
    pub(crate) resume_at: Option<DateTime<Utc>>,
    /// Whether the queue was copied into it. It was not if the queue was empty.
    pub(crate) has_members: bool,
}

/// A held cycle to check.
pub(crate) struct Waiting {
    pub(crate) cycle: CycleId,
    pub(crate) queue: Option<QueueId>,
    pub(crate) stagger_seconds: i32,
}

/// When a cycle that is held until about `until` can be released: not together with others of its queue,
/// but one stagger after the last of them. Locks the queue, so that no two get the same time.
pub(crate) async fn next_release(
    connection: &mut PgConnection,
    cycle: CycleId,
    until: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let queue = sqlx::query!(
        r#"select q.id, q.release_stagger_seconds from distribution_cycle c
           join distribution_queue q on q.id = c.queue_id
           where c.id = $1 for no key update of q"#,
        cycle.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(queue) = queue else {
        return Ok(until);
    };
    Ok(sqlx::query_scalar!(
        r#"select greatest($2::timestamptz, max(resume_at) + $3::int * interval '1 second') as "at!"
           from distribution_cycle
           where status = 'held' and queue_id = $1 and id <> $4 and resume_at >= $2::timestamptz"#,
        queue.id,
        until,
        queue.release_stagger_seconds,
        cycle.0
    )
    .fetch_one(connection)
    .await?)
}

pub(crate) async fn hold_cycle(
    connection: &mut PgConnection,
    cycle: CycleId,
    resume_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "update distribution_cycle set status = 'held', resume_at = $2 where id = $1 and status in ('open', 'held')",
        cycle.0,
        resume_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn open_held_cycle(connection: &mut PgConnection, cycle: CycleId) -> Result<()> {
    sqlx::query!(
        "update distribution_cycle set status = 'open', resume_at = null where id = $1 and status = 'held'",
        cycle.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn lock_held_cycle(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Option<HeldCycle>> {
    Ok(sqlx::query_as!(
        HeldCycle,
        r#"select l.id as "lead: LeadId", c.queue_id as "queue: QueueId", c.resume_at,
                  exists (select from distribution_cycle_member m where m.cycle_id = c.id) as "has_members!"
           from distribution_cycle c join lead l on l.id = c.lead_id
           where c.id = $1 and c.status = 'held' for update of l, c"#,
        cycle.0
    )
    .fetch_optional(connection)
    .await?)
}

/// Held cycles that are due, and those of a queue that was empty and is not any more.
pub(crate) async fn releasable_cycles(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<CycleId>> {
    Ok(sqlx::query_scalar!(
        r#"select c.id as "id: CycleId" from distribution_cycle c
           where c.status = 'held'
             and (c.resume_at <= $1
                  or (c.resume_at is null
                      and not exists (select from distribution_cycle_member m where m.cycle_id = c.id)
                      and exists (select from sales_queue sq
                                  where sq.queue_id = coalesce(c.queue_id, default_distribution_queue()) and sq.active)))
           order by c.resume_at, c.started_at limit 100"#,
        now
    )
    .fetch_all(connection)
    .await?)
}

/// Every held cycle, oldest first.
pub(crate) async fn held_cycles(connection: &mut PgConnection) -> Result<Vec<Waiting>> {
    Ok(sqlx::query_as!(
        Waiting,
        r#"select c.id as "cycle: CycleId", c.queue_id as "queue: QueueId",
                  coalesce(q.release_stagger_seconds, 0) as "stagger_seconds!"
           from distribution_cycle c left join distribution_queue q on q.id = c.queue_id
           where c.status = 'held' order by c.started_at, c.id"#
    )
    .fetch_all(connection)
    .await?)
}
