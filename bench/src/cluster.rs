//! A durable PostgreSQL for the benchmark.

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
