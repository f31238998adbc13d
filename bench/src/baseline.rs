//! What one commit costs on this cluster, in the same run.

use crate::percentiles::Percentiles;
use sqlx::PgPool;
use std::time::Instant;

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
