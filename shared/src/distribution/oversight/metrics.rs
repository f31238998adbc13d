//! Reading the metrics.

use crate::distribution::model::{Metrics, Punctuality};
use crate::distribution::store;
use crate::{App, Result};

/// Reads the metrics. Every figure is read by an index.
pub async fn metrics(app: &App) -> Result<Metrics> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::metrics(&mut connection, app.provider.name(), now).await
}

/// Whether deadlines are kept now.
pub async fn punctuality(app: &App) -> Result<Punctuality> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::punctuality(&mut connection, app.provider.name(), now).await
}
