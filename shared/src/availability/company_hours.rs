//! The working hours of agents who have none of their own.

use super::model::{Hours, check_hours};
use super::store;
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::{App, Result};

/// The company's hours. Empty: agents without hours of their own always work.
pub async fn company_hours(app: &App) -> Result<Vec<Hours>> {
    let mut connection = app.pool.acquire().await?;
    store::company_hours(&mut connection).await
}

/// Replaces the company's hours, and enqueues a release of held leads. Fails with `Invalid` if they overlap or close
/// before they open.
pub async fn set_company_hours(app: &App, hours: &[Hours]) -> Result<()> {
    check_hours(hours)?;
    let mut transaction = app.begin().await?;
    store::replace_company_hours(&mut transaction, hours, app.timezone).await?;
    let now = app.clock.now(&mut transaction).await?;
    enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
    Ok(transaction.commit().await?)
}
