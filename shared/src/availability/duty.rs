//! Who is available now.

use super::model::{Availability, DutyStatus, Load};
use super::store;
use crate::Result;
use crate::id::UserId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// The availability of those of these agents who have a record, and of all if the company has hours. Call it in the transaction that makes
/// the offer: agents with a cap stay locked until it ends, so that two offers at once cannot exceed a
/// cap.
pub async fn duty_statuses(
    connection: &mut PgConnection,
    agents: &[UserId],
    now: DateTime<Utc>,
) -> Result<HashMap<UserId, DutyStatus>> {
    store::lock_capped(connection, agents).await?;
    let recorded = store::of(connection, agents, true, now).await?;
    let keeps_hours = recorded.iter().any(|(_, one, _)| !one.hours.is_empty());
    let holidays = if keeps_hours {
        let named = store::holidays(connection).await?;
        named.into_iter().map(|(day, _)| day).collect()
    } else {
        Vec::new()
    };
    let status = |(agent, availability, load): (UserId, Availability, Load)| {
        let duty = availability.duty_status(&holidays, load, now);
        (agent, duty)
    };
    Ok(recorded.into_iter().map(status).collect())
}

/// Those of these agents who have a cap: how many leads they get depends on how many they have.
pub(crate) async fn capped(
    connection: &mut PgConnection,
    agents: &[UserId],
) -> Result<HashSet<UserId>> {
    let capped = store::capped(connection, agents).await?;
    Ok(capped.into_iter().collect())
}
