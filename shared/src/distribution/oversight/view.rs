//! Reading where a lead stands, and its whole story. Writes nothing.

use crate::distribution::model::{AskedSnapshot, CycleStory, Journey, LeadSnapshot};
use crate::distribution::store;
use crate::id::{AttemptId, LeadId, UserId};
use crate::sales::{self, Agent};
use crate::{App, Error, Result, leads, whatsapp};

/// The whole story of a lead: every cycle, attempt and message. Fails with `NotFound` if the lead does
/// not exist.
pub async fn journey(app: &App, id: LeadId) -> Result<Journey> {
    let mut transaction = app.begin().await?;
    // One snapshot for all reads, so that the parts agree.
    store::read_one_snapshot(&mut transaction).await?;
    let lead = leads::by_id(&mut transaction, id).await?;
    let mut cycles = Vec::new();
    for cycle in store::cycles(&mut transaction, id).await? {
        cycles.push(CycleStory {
            queue: store::members(&mut transaction, cycle.id).await?,
            attempts: store::attempts(&mut transaction, cycle.id).await?,
            cycle,
        });
    }
    let messages = whatsapp::of_lead(&mut transaction, id).await?;
    transaction.commit().await?;
    Ok(Journey {
        lead,
        cycles,
        messages,
    })
}

/// A lead with its current cycle, and with the given offer or else its latest. Fails with `NotFound` if
/// the lead does not exist.
pub async fn snapshot(app: &App, lead: LeadId, attempt: Option<AttemptId>) -> Result<LeadSnapshot> {
    let mut connection = app.pool.acquire().await?;
    let asked = AskedSnapshot { lead, attempt };
    let found = store::snapshots(&mut connection, &[asked]).await?;
    let snapshot = found.into_iter().next().flatten();
    snapshot.ok_or(Error::NotFound { what: "lead" })
}

/// An agent's name and number. Fails with `NotFound` if the agent does not exist.
pub async fn agent(app: &App, id: &UserId) -> Result<Agent> {
    let mut connection = app.pool.acquire().await?;
    sales::by_id(&mut connection, id).await
}
