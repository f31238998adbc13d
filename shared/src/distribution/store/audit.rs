//! Rows that break a rule. Each statement reads only open rows, through an index.

use crate::Result;
use crate::id::{AttemptId, CycleId, LeadId};
use crate::jobs::{CheckAckDeadline, ForwardLeadToSales, Job, SendMessage};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Attempts that are open although their deadline was before `since`.
pub(crate) async fn open_since(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Vec<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: AttemptId" from distribution_attempt
           where status = 'open' and ack_deadline_at < $1 order by ack_deadline_at limit 1000"#,
        since
    )
    .fetch_all(connection)
    .await?)
}

/// Open attempts whose deadline is in the future and that have no job.
pub(crate) async fn open_without_alarm(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: AttemptId" from distribution_attempt a
           where status = 'open' and ack_deadline_at > $1
             and not exists (
                 select from apalis.jobs j
                 where j.job_type = $2
                   and j.idempotency_key = a.id || '@' || (extract(epoch from a.ack_deadline_at) * 1000000)::bigint)
           limit 1000"#,
        now,
        CheckAckDeadline::QUEUE
    )
    .fetch_all(connection)
    .await?)
}

/// Whether a message or an offer is queued.
pub(crate) async fn a_message_waits(connection: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from apalis.jobs where job_type in ($1, $2) and status in ('Pending', 'Queued', 'Running', 'Failed')
           ) as "waits!""#,
        ForwardLeadToSales::QUEUE,
        SendMessage::QUEUE
    )
    .fetch_one(connection)
    .await?)
}

/// Open cycles without an open offer.
pub(crate) async fn open_cycles_without_offer(
    connection: &mut PgConnection,
) -> Result<Vec<CycleId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: CycleId" from distribution_cycle c
           where status = 'open'
             and not exists (select from distribution_attempt a where a.cycle_id = c.id and a.status = 'open')
           limit 1000"#
    )
    .fetch_all(connection)
    .await?)
}

/// The lead of such a cycle, locked with it; `None` if it has an open offer now.
pub(crate) async fn lock_cycle_without_offer(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Option<LeadId>> {
    let locked = sqlx::query_scalar!(
        r#"select l.id as "id: LeadId" from distribution_cycle c join lead l on l.id = c.lead_id
           where c.id = $1 and c.status = 'open' for update of l, c"#,
        cycle.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    let offered = sqlx::query_scalar!(
        r#"select exists (select from distribution_attempt where cycle_id = $1 and status = 'open') as "offered!""#,
        cycle.0
    )
    .fetch_one(connection)
    .await?;
    Ok(locked.filter(|_| !offered))
}

/// Open cycles whose attempts are not numbered 1, 2, 3 …
pub(crate) async fn open_cycles_with_a_gap(connection: &mut PgConnection) -> Result<Vec<CycleId>> {
    Ok(sqlx::query_scalar!(
        r#"select c.id as "id: CycleId" from distribution_cycle c
           join distribution_attempt a on a.cycle_id = c.id
           where c.status = 'open' group by c.id having max(a.position) <> count(*) limit 1000"#
    )
    .fetch_all(connection)
    .await?)
}

/// Leads that are being distributed and have no open cycle.
pub(crate) async fn distributing_without_cycle(
    connection: &mut PgConnection,
) -> Result<Vec<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: LeadId" from lead l
           where status = 'distributing'
             and not exists (select from distribution_cycle c
                             where c.lead_id = l.id and c.status in ('open', 'held'))
           limit 1000"#
    )
    .fetch_all(connection)
    .await?)
}

/// Held cycles that were due before `since`.
pub(crate) async fn held_since(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Vec<CycleId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: CycleId" from distribution_cycle
           where status = 'held' and resume_at < $1 limit 1000"#,
        since
    )
    .fetch_all(connection)
    .await?)
}

/// Attempts that are open or ended in the last half minute, and whose last event contradicts their status.
/// One statement reads both at one moment.
pub(crate) async fn attempts_that_disagree_with_their_log(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select a.id as "id!: AttemptId"
           from (select id, status from distribution_attempt where status = 'open'
                 union all
                 select id, status from distribution_attempt
                 where status <> 'open' and closed_at > $1::timestamptz - interval '30 seconds') a
           where coalesce((select case e.kind when 'offered' then 'open' when 'taken_back' then 'accepted' else e.kind end
                           from distribution_event e
                           where e.attempt_id = a.id and e.kind not in ('sent', 'resent', 'deadline_moved', 'late', 'breach')
                           order by e.id desc limit 1), 'nothing') <> a.status
           limit 1000"#,
        now
    )
    .fetch_all(connection)
    .await?)
}
