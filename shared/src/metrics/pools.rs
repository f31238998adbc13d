//! How many connections each pool of this process has, and how many of them are idle.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use sqlx::PgPool;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The pools of this process, by name.
static POOLS: Mutex<Vec<(&'static str, PgPool)>> = Mutex::new(Vec::new());

/// Counts the connections of a pool from now on. A second pool of the same name replaces the first.
pub fn watch_pool(name: &'static str, pool: &PgPool) {
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    pools.retain(|(known, _)| *known != name);
    pools.push((name, pool.clone()));
}

#[derive(Debug)]
pub(super) struct Pools;

impl Collector for Pools {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Connections of a pool, by state; `most` is the limit";
        let kind = prometheus_client::metrics::MetricType::Gauge;
        let mut family = encoder.encode_descriptor("pool_connections", help, None, kind)?;
        let pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, pool) in pools.iter() {
            let idle = i64::try_from(pool.num_idle()).unwrap_or(i64::MAX);
            let used = i64::from(pool.size()).saturating_sub(idle).max(0);
            let most = i64::from(pool.options().get_max_connections());
            for (state, count) in [("idle", idle), ("used", used), ("most", most)] {
                let labels = [("pool", *name), ("state", state)];
                ConstGauge::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
