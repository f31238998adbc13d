//! A durable PostgreSQL for the benchmark.

use crate::workload;
use secrecy::SecretString;
use serde::Serialize;
use shared::db;
use sqlx::PgPool;
use xtask::postgres::{Cluster, Profile, binaries};

/// Starts an empty cluster. Deletes what a killed run left.
pub(crate) fn fresh() -> anyhow::Result<Cluster> {
    let folder = xtask::shell::root().join("target/bench-postgres");
    let programs = binaries(None, false).map_err(anyhow::Error::msg)?;
    let start =
        || Cluster::start(&programs, &folder, Profile::Measured).map_err(anyhow::Error::msg);
    start()?.destroy().map_err(anyhow::Error::msg)?;
    start()
}

/// Runs a benchmark on a fresh cluster with our schema and agents, and prints its report as one line of JSON. The cluster
/// is removed afterwards, also if the benchmark fails.
pub(crate) async fn measure_on_fresh<R: Serialize>(
    measure: impl AsyncFnOnce(&PgPool, &str) -> anyhow::Result<R>,
) -> anyhow::Result<()> {
    let cluster = fresh()?;
    let url = cluster.url("property_lounge_bench");
    let measured = async {
        let secret = SecretString::from(url.clone());
        db::create_if_missing(&secret).await?;
        let pool = db::pool(db::options(&secret, "bench")?, 4);
        db::migrate(&pool).await?;
        workload::seed_agents(&pool).await?;
        measure(&pool, &url).await
    }
    .await;
    cluster.destroy().map_err(anyhow::Error::msg)?;
    println!("{}", serde_json::to_string(&measured?)?);
    Ok(())
}
