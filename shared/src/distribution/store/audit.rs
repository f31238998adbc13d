//! Rows that break a rule. Each statement reads only open rows, through an index.
//!
//! What a row should have is looked for row by row, with `(select … limit 1) is null`. PostgreSQL makes a join of `not exists`, and a
//! connection that plans the join while the tables are small compares every row with every other for as long as it lives.

use crate::Result;
use crate::id::{AttemptId, CycleId, DeliveryId, LeadId, MessageId};
use crate::jobs::{
    CheckAckDeadline, ForwardLeadToSales, HandOver, HandleDelivery, Job, SendMessage,
};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Takes the audit until `until`, if it is due. Returns `false` if it is not.
pub(crate) async fn take_audit(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool> {
    let taken = sqlx::query!(
        "update audit_run set due_at = $2 where due_at <= $1",
        now,
        until
    )
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Sets when the audit is due next.
pub(crate) async fn set_audit_due(connection: &mut PgConnection, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update audit_run set due_at = $1", at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Counts breaches, each named by its rule and subject, in one row each. Returns those that are new, or
/// that were not seen since `forgotten`.
pub(crate) async fn count_breaches(
    connection: &mut PgConnection,
    (rules, subjects): (&[&str], &[String]),
    (now, forgotten): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        r#"with before as (
               select b.rule, b.subject, b.last_seen_at from audit_breach b
               join unnest($1::text[], $2::text[]) as found (rule, subject) using (rule, subject)),
           counted as (
               insert into audit_breach as b (rule, subject, first_seen_at, last_seen_at)
               select rule, subject, $3, $3 from unnest($1::text[], $2::text[]) as found (rule, subject)
               order by rule, subject
               on conflict (rule, subject) do update set last_seen_at = $3, times = b.times + 1
               returning rule, subject)
           select c.rule as "rule!", c.subject as "subject!" from counted c left join before using (rule, subject)
           where before.last_seen_at is null or before.last_seen_at < $4"#,
        rules as _,
        subjects,
        now,
        forgotten
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.rule, row.subject))
        .collect())
}

/// Attempts that are open although the provider accepted them and their deadline was before `since`.
pub(crate) async fn open_since(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Vec<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: AttemptId" from distribution_attempt
           where status = 'open' and ack_deadline_at < $1 and offer_accepted_at is not null
           order by ack_deadline_at limit 1000"#,
        since
    )
    .fetch_all(connection)
    .await?)
}

/// Whether an attempt timed out after `since`.
pub(crate) async fn rolled_since(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from distribution_event where at > $1 and kind = 'timed_out') as "rolled!""#,
        since
    )
    .fetch_one(connection)
    .await?)
}

/// Whether the provider accepted an offer since this instant: offers are being sent.
pub(crate) async fn sent_since(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from distribution_event where at > $1 and kind = 'sent') as "sent!""#,
        since
    )
    .fetch_one(connection)
    .await?)
}

/// Open attempts that the provider has not accepted although their deadline is before `by`. With `but_queued`, not those whose
/// message no worker has tried to send yet: they wait behind others.
pub(crate) async fn open_unsent(
    connection: &mut PgConnection,
    by: DateTime<Utc>,
    but_queued: bool,
) -> Result<Vec<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select a.id as "id: AttemptId" from distribution_attempt a
           where a.status = 'open' and a.ack_deadline_at < $1 and a.offer_accepted_at is null
             and not ($2 and (select j.id from apalis.jobs j
                              where j.job_type = $3 and j.idempotency_key = a.id::text
                                and j.status = 'Pending' and j.attempts = 0 and j.last_result is null
                              limit 1) is not null)
           order by a.ack_deadline_at limit 1000"#,
        by,
        but_queued,
        ForwardLeadToSales::QUEUE
    )
    .fetch_all(connection)
    .await?)
}

/// Open attempts of agents who were disabled before `since`.
pub(crate) async fn open_to_disabled(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Vec<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select a.id as "id: AttemptId" from "user" u
           join distribution_attempt a on a.sales_id = u.id and a.closed_at is null
           where u.disabled_at < $1 limit 1000"#,
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
             and (select j.id from apalis.jobs j
                  where j.job_type = $2
                    and j.idempotency_key = a.id || '@' || (extract(epoch from a.ack_deadline_at) * 1000000)::bigint
                  limit 1) is null
           limit 1000"#,
        now,
        CheckAckDeadline::QUEUE
    )
    .fetch_all(connection)
    .await?)
}

/// Messages that were queued before `since` and that no job sends, each with how often it was queued again. The jobs of offers
/// are not looked at: the patience ends what they leave.
pub(crate) async fn queued_without_job(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Vec<(MessageId, i32)>> {
    let rows = sqlx::query!(
        r#"select id as "id: MessageId", requeued from wa_message m
           where direction = 'out' and delivery_status = 'queued' and kind <> 'offer' and created_at < $1
             and (select j.id from apalis.jobs j
                  where j.job_type = $2 and j.status <> 'Killed'
                    and j.idempotency_key in (m.id::text, m.id || '/' || m.requeued)
                  limit 1) is null
           order by created_at limit 1000"#,
        since,
        SendMessage::QUEUE
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.requeued)).collect())
}

/// Deliveries of Meta that came before `since`, are not handled, have not failed for good, and have no job.
pub(crate) async fn deliveries_without_job(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Vec<DeliveryId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: DeliveryId" from webhook_delivery d
           where handled_at is null and failure is null and received_at < $1
             and (select j.id from apalis.jobs j
                  where j.job_type = $2 and j.idempotency_key = d.id::text and j.status <> 'Killed' limit 1) is null
           order by received_at limit 1000"#,
        since,
        HandleDelivery::QUEUE
    )
    .fetch_all(connection)
    .await?)
}

/// Handovers that began before `since`, are not done, and have no job.
pub(crate) async fn handovers_without_job(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        r#"select h.id from agent_handover h join "user" u on u.id = h.agent_id
           where h.ended_at is null and h.begun_at < $1 and (h.of_desk or u.disabled_at is not null)
             and (select j.id from apalis.jobs j where j.job_type = $2 and j.idempotency_key = h.id::text limit 1) is null
           order by h.begun_at limit 1000"#,
        since,
        HandOver::QUEUE
    )
    .fetch_all(connection)
    .await?)
}

/// Open cycles without an open offer.
pub(crate) async fn open_cycles_without_offer(
    connection: &mut PgConnection,
) -> Result<Vec<CycleId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: CycleId" from distribution_cycle c
           where status = 'open'
             and (select a.id from distribution_attempt a
                  where a.cycle_id = c.id and coalesce(a.status = 'open', false) limit 1) is null
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
           where c.id = $1 and coalesce(c.status = 'open', false) for update of l, c"#,
        cycle.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    let offered = sqlx::query_scalar!(
        r#"select exists (select from distribution_attempt where cycle_id = $1 and coalesce(status = 'open', false)) as "offered!""#,
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
             and (select id from distribution_cycle c where c.lead_id = l.id and c.status in ('open', 'held') limit 1) is null
           limit 1000"#
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
