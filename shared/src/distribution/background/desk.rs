//! Handing over a desk: all or chosen open leads of an agent go to a colleague, or back into distribution.
//!
//! The agent stays. A job moves the leads, each in its own transaction ([`super::hand_over`]). Visits follow their leads.

use crate::distribution::store::{self, DeskHandover, PastHandover};
use crate::id::{LeadId, UserId};
use crate::jobs::{HandOver, enqueue};
use crate::{App, Error, Result, sales};
use sqlx::PgConnection;
use uuid::Uuid;

/// What a handover moves.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The leads.
    pub leads: Vec<LeadId>,
    /// How many visits are booked with these leads.
    pub visits: i64,
}

/// What a handover would move now. Fails as [`hand_over_desk`] does.
pub async fn preview_desk(app: &App, desk: &DeskHandover) -> Result<Desk> {
    let mut connection = app.pool.acquire().await?;
    preview(app, &mut connection, desk).await
}

/// Begins a handover. Returns its id with what it will move.
///
/// Fails with `NotFound` if an agent does not exist, with the conflict `agent_disabled` if the colleague is disabled, and
/// with `Invalid` if the colleague is the agent, or a chosen lead is not an open lead of the agent.
pub async fn hand_over_desk(app: &App, by: &UserId, desk: &DeskHandover) -> Result<(Uuid, Desk)> {
    let mut transaction = app.begin().await?;
    let moved = preview(app, &mut transaction, desk).await?;
    let now = app.clock.now(&mut transaction).await?;
    let id = Uuid::now_v7();
    store::insert_desk_handover(&mut transaction, id, (desk, &moved.leads), by, now).await?;
    enqueue(&mut transaction, &HandOver { handover: id }, now).await?;
    transaction.commit().await?;
    tracing::info!(from = %desk.from, by = %by, leads = moved.leads.len(), "distribution.desk_handed_over");
    Ok((id, moved))
}

/// The handovers of an agent, the latest first.
pub async fn handovers(app: &App, agent: &UserId) -> Result<Vec<PastHandover>> {
    let mut connection = app.pool.acquire().await?;
    sales::by_id(&mut connection, agent).await?;
    store::handovers_of(&mut connection, agent).await
}

async fn preview(app: &App, connection: &mut PgConnection, desk: &DeskHandover) -> Result<Desk> {
    sales::by_id(connection, &desk.from).await?;
    if let Some(to) = &desk.to {
        if *to == desk.from {
            return Err(Error::invalid("colleague", "must be another agent"));
        }
        if sales::by_id(connection, to).await?.disabled {
            return Err(Error::Conflict {
                code: "agent_disabled",
            });
        }
    }
    let open = store::claimed_leads_of(connection, &desk.from).await?;
    let leads = match &desk.leads {
        None => open,
        Some(chosen) => {
            if chosen.iter().any(|lead| !open.contains(lead)) {
                return Err(Error::invalid(
                    "leads",
                    "has a lead that is not an open lead of the agent",
                ));
            }
            chosen.clone()
        }
    };
    let now = app.clock.now(connection).await?;
    let visits = store::visits_with(connection, &leads, now).await?;
    Ok(Desk { leads, visits })
}
