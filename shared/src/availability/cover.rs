//! Who hears the client of an agent who is away.

use super::duty::duty_statuses;
use super::model::{Cover, DutyStatus, Reason};
use super::store;
use crate::id::UserId;
use crate::sales::{self, Agent};
use crate::{App, Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Who covers for an agent, if somebody does.
pub async fn cover_of(app: &App, agent: &UserId) -> Result<Option<Cover>> {
    let mut connection = app.pool.acquire().await?;
    sales::by_id(&mut connection, agent).await?;
    store::cover(&mut connection, agent).await
}

/// Sets or removes who covers for an agent. Fails with `Invalid` if a colleague is the agent, is disabled or does not exist,
/// or the queue does not exist.
pub async fn set_cover(app: &App, agent: &UserId, cover: Option<&Cover>) -> Result<()> {
    let mut transaction = app.begin().await?;
    sales::by_id(&mut transaction, agent).await?;
    match cover {
        Some(Cover::Agent(colleague)) => {
            let found = sales::by_id(&mut transaction, colleague).await;
            if colleague == agent || !found.is_ok_and(|found| !found.disabled) {
                let reason = "must be another agent who is not disabled";
                return Err(Error::invalid("salesId", reason));
            }
        }
        Some(Cover::Queue(queue)) if !sales::queue_exists(&mut transaction, *queue).await? => {
            return Err(Error::invalid("queueId", "is no queue"));
        }
        Some(Cover::Queue(_)) | None => {}
    }
    store::set_cover(&mut transaction, agent, cover, app.timezone).await?;
    Ok(transaction.commit().await?)
}

/// The colleague who hears the agent's clients now: if the agent takes a break or has days off, the colleague who covers,
/// or the first of the queue that covers who is on duty. `None` if there is none, or the agent is there.
pub async fn covering(
    connection: &mut PgConnection,
    agent: &UserId,
    now: DateTime<Utc>,
) -> Result<Option<Agent>> {
    let Some(cover) = store::cover(connection, agent).await? else {
        return Ok(None);
    };
    let (candidates, is_named) = match cover {
        Cover::Agent(colleague) => (vec![colleague], true),
        Cover::Queue(queue) => {
            let places = sales::active_queue(connection, queue).await?;
            let agents = places.into_iter().map(|place| place.sales_id);
            (agents.collect::<Vec<_>>(), false)
        }
    };
    let mut everybody = candidates.clone();
    everybody.push(agent.clone());
    let statuses = duty_statuses(connection, &everybody, now).await?;
    let is_away = matches!(
        statuses.get(agent),
        Some(DutyStatus::Away {
            reason: Reason::Paused | Reason::Leave,
            ..
        })
    );
    if !is_away {
        return Ok(None);
    }
    let is_here = |id: &UserId| !matches!(statuses.get(id), Some(DutyStatus::Away { .. }));
    // A colleague who is named hears it during a break, too: nobody else would.
    for candidate in candidates {
        if candidate == *agent || !(is_named || is_here(&candidate)) {
            continue;
        }
        let colleague = sales::by_id(connection, &candidate).await?;
        if !colleague.disabled && colleague.phone.is_some() {
            return Ok(Some(colleague));
        }
    }
    Ok(None)
}
