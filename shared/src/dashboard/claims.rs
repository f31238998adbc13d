//! How soon leads are claimed, by weekday and hour; and how late offers rolled.

use super::model::Period;
use crate::{App, Result};
use sqlx::{FromRow, PgConnection};

/// The cycles that began in one hour of the week, and how soon they were claimed.
#[derive(Clone, Copy, Debug, Default, FromRow, PartialEq, Eq)]
pub struct ClaimRow {
    /// The day of the week in the company's zone: 1 is Monday, 7 is Sunday.
    pub weekday: i32,
    /// The hour of the day in the company's zone, 0 to 23.
    pub hour: i32,
    /// Cycles that began.
    pub cycles: i64,
    /// Claimed with an OK.
    pub claimed: i64,
    /// Claimed within a minute after the cycle began.
    pub within_one_minute: i64,
    /// Claimed within three minutes.
    pub within_three_minutes: i64,
    /// Claimed within five minutes.
    pub within_five_minutes: i64,
    /// Hangus.
    pub hangus: i64,
}

/// The hours of the week in which cycles of the period began. Cycles of leads with a mark do not count.
pub async fn claims(app: &App, period: Period) -> Result<Vec<ClaimRow>> {
    let (from, to) = period.instants()?;
    let mut connection = app.pool.acquire().await?;
    Ok(sqlx::query_as!(
        ClaimRow,
        r#"select extract(isodow from local)::int as "weekday!", extract(hour from local)::int as "hour!",
                  count(*) as "cycles!", count(seconds) as "claimed!",
                  count(*) filter (where seconds <= 60) as "within_one_minute!",
                  count(*) filter (where seconds <= 180) as "within_three_minutes!",
                  count(*) filter (where seconds <= 300) as "within_five_minutes!",
                  count(hangus_at) as "hangus!"
           from (select c.started_at at time zone $3::text as local, c.hangus_at,
                        (select extract(epoch from a.acknowledged_at - c.started_at)::float8
                         from distribution_attempt a
                         where a.cycle_id = c.id and a.status = 'accepted') as seconds
                 from distribution_cycle c
                 where c.started_at >= $1 and c.started_at < $2
                   and not exists (select from lead m where m.mark is not null and m.id = c.lead_id)) cycle
           group by 1, 2 order by 1, 2"#,
        from,
        to,
        period.timezone.as_str()
    )
    .fetch_all(&mut *connection)
    .await?)
}

/// The bounds of the histogram, in milliseconds.
pub const LATENESS_BOUNDS: [f64; 11] = [
    1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 5000.0,
];

/// How late the offers of a period rolled.
#[derive(Clone, Debug, Default)]
pub struct Lateness {
    /// How many rolled less late than each of [`LATENESS_BOUNDS`] and not less than the bound before; the last is for all that
    /// were later.
    pub counts: Vec<i64>,
    /// The median, in milliseconds.
    pub p50: Option<f64>,
    /// The 99th percentile, in milliseconds.
    pub p99: Option<f64>,
    /// The latest, in milliseconds.
    pub most: Option<f64>,
    /// Breaches of a rule that the audit saw in the period.
    pub breaches: i64,
}

/// Reads how late the offers of a period rolled.
pub async fn lateness(app: &App, period: Period) -> Result<Lateness> {
    let (from, to) = period.instants()?;
    let mut connection = app.pool.acquire().await?;
    let totals = sqlx::query!(
        r#"select percentile_cont(0.5) within group (order by ms) as p50,
                  percentile_cont(0.99) within group (order by ms) as p99, max(ms) as most,
                  (select count(*) from audit_breach where last_seen_at >= $1 and first_seen_at < $2) as "breaches!"
           from (select extract(epoch from closed_at - ack_deadline_at)::float8 * 1000 as ms
                 from distribution_attempt
                 where status = 'timed_out' and closed_at >= $1 and closed_at < $2) rolled"#,
        from,
        to
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(Lateness {
        counts: counts(&mut connection, (from, to)).await?,
        p50: totals.p50,
        p99: totals.p99,
        most: totals.most,
        breaches: totals.breaches,
    })
}

async fn counts(
    connection: &mut PgConnection,
    (from, to): (chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>),
) -> Result<Vec<i64>> {
    let rows = sqlx::query!(
        r#"select width_bucket(extract(epoch from closed_at - ack_deadline_at)::float8 * 1000, $3::float8[]) as "bucket!",
                  count(*) as "count!"
           from distribution_attempt
           where status = 'timed_out' and closed_at >= $1 and closed_at < $2 group by 1"#,
        from,
        to,
        &LATENESS_BOUNDS[..]
    )
    .fetch_all(connection)
    .await?;
    let mut counts = vec![0; LATENESS_BOUNDS.len() + 1];
    for row in rows {
        if let Some(count) = usize::try_from(row.bucket)
            .ok()
            .and_then(|bucket| counts.get_mut(bucket))
        {
            *count = row.count;
        }
    }
    Ok(counts)
}
