//! The health of each provider, and the offers whose deadline a freeze stops.

use crate::Result;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A failure of the provider, and when the failures amount to a freeze.
pub(crate) struct Failure<'a> {
    pub(crate) provider: &'a str,
    pub(crate) reason: &'a str,
    /// The number of failures in a row that opens a freeze.
    pub(crate) freezes_at: i32,
    /// A freeze opens only if the first of these failures was at or before this instant.
    pub(crate) failing_since_before: DateTime<Utc>,
}

/// Counts a failure, and opens a freeze if the limit is reached. Returns since when the provider is
/// frozen, or `None` if it is not.
pub(crate) async fn count_failure_of(
    connection: &mut PgConnection,
    failure: &Failure<'_>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "insert into provider_health as h (provider, failures, failing_since, frozen_since, reason)
         values ($1, 1, $5::timestamptz, case when $3::int <= 1 and $5::timestamptz <= $4::timestamptz then $5::timestamptz end, $2)
         on conflict (provider) do update set
             failures = h.failures + 1,
             failing_since = coalesce(h.failing_since, $5::timestamptz),
             frozen_since = coalesce(h.frozen_since,
                 case when h.failures + 1 >= $3::int and coalesce(h.failing_since, $5::timestamptz) <= $4::timestamptz
                      then $5::timestamptz end),
             reason = case when h.frozen_since is null then $2 else h.reason end
         returning frozen_since",
        failure.provider,
        failure.reason,
        failure.freezes_at,
        failure.failing_since_before,
        now
    )
    .fetch_one(connection)
    .await?)
}

/// Whether the provider has failed since its last success.
pub(crate) async fn is_failing(connection: &mut PgConnection, provider: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from provider_health where provider = $1 and failures > 0) as "failing!""#,
        provider
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

/// As [`frozen_since`], and locks the row until the transaction ends.
pub(crate) async fn lock_health(
    connection: &mut PgConnection,
    provider: &str,
) -> Result<Option<DateTime<Utc>>> {
    let since = sqlx::query_scalar!(
        "select frozen_since from provider_health where provider = $1 for update",
        provider
    )
    .fetch_optional(connection)
    .await?;
    Ok(since.flatten())
}

pub(crate) async fn forget_failures(connection: &mut PgConnection, provider: &str) -> Result<()> {
    sqlx::query!(
        "update provider_health set failures = 0, failing_since = null, frozen_since = null
         where provider = $1",
        provider
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks every open offer with its lead and cycle, lead by lead.
pub(crate) async fn lock_all_open_offers(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "select from distribution_attempt a
         join distribution_cycle c on c.id = a.cycle_id
         join lead l on l.id = c.lead_id
         where a.status = 'open' order by l.id for update of l, c, a"
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

/// Moves the deadline of every open offer whose deadline had not passed when the freeze opened. A
/// deadline moves to a later time only. Returns the offers that moved.
pub(crate) async fn give_all_open_offers_until(
    connection: &mut PgConnection,
    deadline: DateTime<Utc>,
    frozen_since: DateTime<Utc>,
) -> Result<Vec<Moved>> {
    Ok(sqlx::query_as!(
        Moved,
        r#"update distribution_attempt a set ack_deadline_at = $1
           from distribution_cycle c
           where c.id = a.cycle_id and a.status = 'open' and a.ack_deadline_at < $1 and a.ack_deadline_at > $2
           returning a.id as "attempt: AttemptId", c.id as "cycle: CycleId", c.lead_id as "lead: LeadId",
                     a.sales_id as "sales_id: UserId""#,
        deadline,
        frozen_since
    )
    .fetch_all(connection)
    .await?)
}
