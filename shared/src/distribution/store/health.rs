//! The health of each provider, and the offers whose deadline a freeze stops.

use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::jobs::{CHANNEL, ForwardLeadToSales, Job, SendMessage};
use crate::{Result, error};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A failure of the provider, and when the failures amount to a freeze.
pub(crate) struct Failure<'a> {
    pub(crate) provider: &'a str,
    pub(crate) reason: &'a str,
    /// Whose message failed. `None`: our whole account is affected, and a freeze opens at once.
    pub(crate) recipient: Option<&'a str>,
    /// The number of recipients whose messages failed since the last success that opens a freeze.
    pub(crate) recipients: i32,
    /// A freeze opens only if the first of these failures was at or before this instant.
    pub(crate) failing_since_before: DateTime<Utc>,
    /// Whether a status reported it, of a message that the provider had accepted.
    pub(crate) by_status: bool,
}

/// What shows that the provider works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Success {
    /// It answered a call. That does not end failures which statuses reported.
    Answered,
    /// A message left, by a status. This is when the provider accepted it: after the first of these failures, it ends them.
    Left(DateTime<Utc>),
    /// It is known to work.
    Works,
}

impl Success {
    fn left_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Left(at) => Some(at),
            Self::Answered | Self::Works => None,
        }
    }
}

/// Counts a failure, and opens a freeze if the limit is reached. Returns since when the provider is
/// frozen, or `None` if it is not.
pub(crate) async fn count_failure_of(
    connection: &mut PgConnection,
    failure: &Failure<'_>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "insert into provider_health as h (provider, failures, failing_since, frozen_since, reason, recipients, by_status)
         values ($1, 1, $5::timestamptz, case when $6::text is null then $5::timestamptz end, $2,
                 array_remove(array[hashtext($6)], null), $7)
         on conflict (provider) do update set
             failures = h.failures + 1,
             failing_since = coalesce(h.failing_since, $5::timestamptz),
             recipients = case when cardinality(h.recipients) >= 16 or excluded.recipients <@ h.recipients
                               then h.recipients else h.recipients || excluded.recipients end,
             frozen_since = coalesce(h.frozen_since,
                 case when $6::text is null
                        or cardinality(h.recipients)
                           + (not excluded.recipients <@ h.recipients)::int >= $3::int
                           and coalesce(h.failing_since, $5::timestamptz) <= $4::timestamptz
                      then $5::timestamptz end),
             reason = case when h.frozen_since is null then $2 else h.reason end,
             by_status = h.by_status or $7
         returning frozen_since",
        failure.provider,
        failure.reason,
        failure.recipients,
        failure.failing_since_before,
        now,
        failure.recipient,
        failure.by_status
    )
    .fetch_one(connection)
    .await?)
}

/// Whether the provider has failed since its last success, and this success ends that.
pub(crate) async fn is_failing(
    connection: &mut PgConnection,
    provider: &str,
    success: Success,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from provider_health
                          where provider = $1 and failures > 0 and (not by_status or $2 or $3 > failing_since)) as "failing!""#,
        provider,
        success == Success::Works,
        success.left_at()
    )
    .fetch_one(connection)
    .await?)
}

/// Whether the provider is frozen, and since when.
pub(crate) async fn frozen_since(
    connection: &mut PgConnection,
    provider: &str,
) -> Result<Option<DateTime<Utc>>> {
    let since = sqlx::query_scalar!(
        "select frozen_since from provider_health where provider = $1",
        provider
    )
    .fetch_optional(connection)
    .await?;
    Ok(since.flatten())
}

/// As [`frozen_since`], if this success ends the freeze, and locks the row until the transaction ends.
pub(crate) async fn lock_health(
    connection: &mut PgConnection,
    provider: &str,
    success: Success,
) -> Result<Option<DateTime<Utc>>> {
    let since = sqlx::query_scalar!(
        "select frozen_since from provider_health where provider = $1 and (not by_status or $2 or $3 > failing_since) for update",
        provider,
        success == Success::Works,
        success.left_at()
    )
    .fetch_optional(connection)
    .await?;
    Ok(since.flatten())
}

/// Forgets the failures that this success ends.
pub(crate) async fn forget_failures(
    connection: &mut PgConnection,
    provider: &str,
    success: Success,
) -> Result<()> {
    sqlx::query!(
        "update provider_health
         set failures = 0, failing_since = null, frozen_since = null, recipients = '{}', by_status = false
         where provider = $1 and (not by_status or $2 or $3 > failing_since)",
        provider,
        success == Success::Works,
        success.left_at()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks the open offers that a freeze has harmed, each with its lead and cycle, lead by lead: see
/// [`restart_harmed_offers`].
pub(crate) async fn lock_harmed_offers(
    connection: &mut PgConnection,
    frozen_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "select from distribution_attempt a
         join distribution_cycle c on c.id = a.cycle_id
         join lead l on l.id = c.lead_id
         where a.status = 'open' and a.ack_deadline_at > $1
           and (a.offer_accepted_at is null or a.offer_accepted_at >= $1 or a.ack_deadline_at <= $2)
         order by l.id for update of l, c, a",
        frozen_since,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An offer whose deadline moved.
pub(crate) struct Moved {
    pub(crate) attempt: AttemptId,
    pub(crate) cycle: CycleId,
    pub(crate) lead: LeadId,
    pub(crate) sales_id: UserId,
}

/// Gives the open offers that a freeze has harmed a window until `deadline`: those that the provider had
/// not accepted when the freeze opened, and those whose deadline passed in the freeze. An offer that the
/// agent had before, and whose deadline is still to come, keeps it. Returns the offers that moved.
pub(crate) async fn restart_harmed_offers(
    connection: &mut PgConnection,
    deadline: DateTime<Utc>,
    (frozen_since, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Moved>> {
    Ok(sqlx::query_as!(
        Moved,
        r#"update distribution_attempt a set ack_deadline_at = $1
           from distribution_cycle c
           where c.id = a.cycle_id and a.status = 'open' and a.ack_deadline_at < $1 and a.ack_deadline_at > $2
             and (a.offer_accepted_at is null or a.offer_accepted_at >= $2 or a.ack_deadline_at <= $3)
           returning a.id as "attempt: AttemptId", c.id as "cycle: CycleId", c.lead_id as "lead: LeadId",
                     a.sales_id as "sales_id: UserId""#,
        deadline,
        frozen_since,
        now
    )
    .fetch_all(connection)
    .await?)
}

/// How many jobs wait to send a message or an offer, of queues that are not paused.
pub(crate) async fn count_sends(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from apalis.jobs
           where job_type in ($1, $2) and status in ('Pending', 'Queued', 'Running', 'Failed')
             and not exists (select from job_pause p where p.queue = job_type)"#,
        ForwardLeadToSales::QUEUE,
        SendMessage::QUEUE
    )
    .fetch_one(connection)
    .await?)
}

/// Has the messages and offers that wait for the end of the freeze sent now, and announces their jobs.
pub(crate) async fn wake_frozen_sends(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with woken as (
             update apalis.jobs set run_at = $1
             where job_type in ($2, $3) and status = 'Pending' and run_at > $1 and last_result ->> 'Class' = $4
             returning job_type)
         select count(pg_notify($5, job_type)) from (select distinct job_type from woken) queues",
        now,
        ForwardLeadToSales::QUEUE,
        SendMessage::QUEUE,
        error::FROZEN,
        CHANNEL
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
