//! Reading the metrics.

use crate::distribution::model::Metrics;
use crate::distribution::store;
use crate::{App, Result};

/// Reads the metrics. Every figure is read by an index.
pub async fn metrics(app: &App) -> Result<Metrics> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::metrics(&mut connection, app.provider.name(), now).await
}

/// Whether deadlines are kept: no offer is overdue outside a freeze, and some worker audited within the last minute.
pub async fn is_well(app: &App) -> Result<bool> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::is_well(&mut connection, app.provider.name(), now).await
}
