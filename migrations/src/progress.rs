//! What a person who migrates wants to know: what is to be applied, and for whom a migration waits.

use crate::{APPLIED, MIGRATIONS, missing};
use sqlx::postgres::PgPool;
use std::pin::pin;
use std::time::Duration;
use tokio::time::sleep;

/// How often a migrator that waits looks for whom.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// More migrations are counted, not named: a new database has all of them.
const MOST_NAMED: usize = 8;

/// Our migrations that are not applied yet, on one line: `0057 message trace, 0058 more security events`, or how many if they are
/// too many to read. `None`: all are applied.
pub(crate) async fn pending(pool: &PgPool) -> sqlx::Result<Option<String>> {
    let known: bool =
        sqlx::query_scalar("select to_regclass('public._sqlx_migrations') is not null")
            .fetch_one(pool)
            .await?;
    let applied: Vec<i64> = if known {
        sqlx::query_scalar(APPLIED).fetch_all(pool).await?
    } else {
        Vec::new()
    };
    let pending = missing(&applied);
    let pending: Vec<String> = MIGRATIONS
        .iter()
        .filter(|migration| pending.contains(&migration.version))
        .map(|migration| format!("{:04} {}", migration.version, migration.description))
        .collect();
    Ok(match pending.as_slice() {
        [] => None,
        [first, .., last] if pending.len() > MOST_NAMED => {
            let many = pending.len();
            Some(format!("{many} migrations, from {first} to {last}"))
        }
        few => Some(few.join(", ")),
    })
}

/// Runs a migrator, and tells for whom it waits whenever that has changed.
pub(crate) async fn told_of_waits<T>(
    pool: &PgPool,
    run: impl Future<Output = T>,
    tell: &impl Fn(&str),
) -> T {
    let mut run = pin!(run);
    let mut told = Vec::new();
    let look = async || {
        sleep(LOOK_EVERY).await;
        blockers(pool).await.unwrap_or_default()
    };
    loop {
        let blockers = tokio::select! {
            ended = &mut run => return ended,
            blockers = look() => blockers,
        };
        if blockers != told {
            for blocker in &blockers {
                tell(blocker);
            }
            told = blockers;
        }
    }
}

/// Those who hold a lock that a migrator of this name waits for.
async fn blockers(pool: &PgPool) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select distinct format('waits for a lock of PID %s (%s%s)', b.pid,
                                coalesce(nullif(b.application_name, ''), 'no name'), ', ' || b.state)
         from pg_stat_activity m
         cross join lateral unnest(pg_blocking_pids(m.pid)) blocker
         join pg_stat_activity b on b.pid = blocker
         where m.datname = current_database() and m.wait_event_type = 'Lock'
           and m.application_name = current_setting('application_name')
         order by 1",
    )
    .fetch_all(pool)
    .await
}
