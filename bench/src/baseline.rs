//! What one commit costs on this cluster, in the same run.

use crate::percentiles::Percentiles;
use sqlx::{Connection, PgPool};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The time of one-row transactions, one after the other on one connection.
pub(crate) async fn commits(pool: &PgPool, count: usize) -> anyhow::Result<Percentiles> {
    let mut connection = pool.acquire().await?;
    sqlx::query("create table if not exists bench_commit (at timestamptz not null)")
        .execute(&mut *connection)
        .await?;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let started = Instant::now();
        sqlx::query("insert into bench_commit values (clock_timestamp())")
            .execute(&mut *connection)
            .await?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(Percentiles::of(times))
}

/// How many statements a roll has between BEGIN and COMMIT.
const STATEMENTS_OF_A_ROLL: usize = 7;

/// The time of trivial transactions with as many statements as a roll, ten a second, from the instant at which
/// each was due. A roll cannot be faster on a machine that is mostly idle.
pub(crate) async fn paced(pool: &PgPool, count: u32) -> anyhow::Result<Percentiles> {
    let mut connection = pool.acquire().await?;
    let first = Instant::now() + Duration::from_millis(100);
    let mut times = Vec::new();
    for n in 0..count {
        let due = first + Duration::from_millis(100) * n;
        sleep_until(due).await;
        let mut transaction = connection.begin().await?;
        for _ in 1..STATEMENTS_OF_A_ROLL {
            sqlx::query("select clock_timestamp()")
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query("insert into bench_commit values (clock_timestamp())")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        times.push(due.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(Percentiles::of(times))
}
