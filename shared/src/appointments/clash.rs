//! Which visit is in the way of another one.

use super::store;
use crate::id::{AppointmentId, UserId};
use crate::leads::name_or_unknown;
use crate::{App, Error};
use chrono::{DateTime, Utc};

/// The error, with the visit that is in the way if it is the conflict `appointment_conflict`.
pub(super) async fn named(
    app: &App,
    error: Error,
    (agent, visit): (&UserId, AppointmentId),
    times: (DateTime<Utc>, DateTime<Utc>),
) -> Error {
    let code = "appointment_conflict";
    if !matches!(error, Error::Conflict { code: found } if found == code) {
        return error;
    }
    let other = async {
        let mut connection = app.pool.acquire().await?;
        store::in_the_way(&mut connection, agent, visit, times).await
    };
    match other.await {
        Ok(Some(other)) => {
            let time = |instant| app.timezone.local(instant).format("%Y-%m-%d %H:%M");
            let detail = format!(
                "the agent has a visit with {} from {} to {}",
                name_or_unknown(other.lead_name.as_deref()),
                time(other.starts_at),
                time(other.ends_at)
            );
            Error::Clash { code, detail }
        }
        // It was cancelled meanwhile.
        Ok(None) => error,
        Err(error) => error,
    }
}
