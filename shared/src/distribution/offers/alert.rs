//! Alerts to the managers of a queue: no agent took a lead, or no agent is available.
//!
//! A queue has managers only if an admin sets their numbers.

use super::mask;
use crate::Result;
use crate::distribution::store;
use crate::id::{CycleId, LeadId};
use crate::leads;
use crate::phone::Phone;
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, OutboundKind};

/// Tells the managers of the cycle's queue that no agent took the lead, and how to assign it.
pub(crate) async fn alert_hangus(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    cycle: CycleId,
) -> Result<()> {
    alert(
        work,
        lead,
        cycle,
        OutboundKind::ManagerHangus,
        Text::ManagerHangus,
    )
    .await
}

/// Tells the managers of the cycle's queue that the lead is held because no agent is available.
pub(crate) async fn alert_held(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    cycle: CycleId,
) -> Result<()> {
    alert(
        work,
        lead,
        cycle,
        OutboundKind::ManagerHeld,
        Text::ManagerHeld,
    )
    .await
}

async fn alert(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    cycle: CycleId,
    kind: OutboundKind,
    text: Text,
) -> Result<()> {
    let managers = store::managers_of(work.connection, cycle).await?;
    if managers.is_empty() {
        return Ok(());
    }
    let code = store::name_cycle(work.connection, cycle).await?;
    let lead = leads::by_id(work.connection, lead).await?;
    let team = store::team_of(work.connection, cycle).await?;
    let team: Vec<String> = team
        .iter()
        .map(|(label, name)| format!("{label} = {name}"))
        .collect();
    let values = [
        ("name", &*mask::name_of(work.app, &lead)),
        ("source", lead.display_source()),
        ("code", code.as_str()),
        ("team", &team.join(", ")),
    ];
    let body = work.app.texts.render(text, &values);
    let numbers = managers
        .iter()
        .filter_map(|number| Phone::from_e164(number));
    for to in numbers {
        let draft = Draft::new(kind, to, body.clone())
            .lead(lead.id)
            .cycle(cycle);
        whatsapp::queue_message(work, &draft).await?;
    }
    Ok(())
}
