//! Alerts to the managers of a queue: no agent took a lead, or no agent is available.
//!
//! A queue has managers only if an admin sets their numbers.

use super::mask;
use super::offer_text::words_of_cycle;
use crate::Result;
use crate::distribution::store;
use crate::id::{CycleId, LeadId};
use crate::leads;
use crate::phone::Phone;
use crate::texts::{Text, one_line};
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, OutboundKind};

/// Why the managers of a queue are notified.
#[derive(Clone, Copy)]
pub(crate) enum Alert {
    /// No agent took the lead. The message says how to assign it.
    Hangus,
    /// The lead is held because no agent is available.
    Held,
}

impl Alert {
    fn message(self) -> (OutboundKind, Text) {
        match self {
            Self::Hangus => (OutboundKind::ManagerHangus, Text::ManagerHangus),
            Self::Held => (OutboundKind::ManagerHeld, Text::ManagerHeld),
        }
    }
}

/// Queues a message to each manager of the cycle's queue.
pub(crate) async fn notify_managers(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    cycle: CycleId,
    alert: Alert,
) -> Result<()> {
    let (kind, text) = alert.message();
    let managers = store::managers_of(work.connection, cycle).await?;
    if managers.is_empty() {
        return Ok(());
    }
    let code = store::name_cycle(work.connection, cycle).await?;
    let lead = leads::by_id(work.connection, lead).await?;
    let team = team_of(work, cycle).await?;
    let words = store::words_of(work.connection, lead.id, cycle).await?;
    let written = words_of_cycle(&work.app.texts, &words);
    let values = [
        ("name", &*mask::name_of(work.app, &lead)),
        ("project", lead.project.as_deref().unwrap_or("")),
        ("source", lead.source_ads.as_deref().unwrap_or("")),
        ("message", &mask::words(work.app, &written)),
        ("code", code.as_str()),
        ("team", team.as_str()),
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

/// Queues a warning to the managers of every queue: something that concerns all of them.
pub async fn warn_managers(work: &mut UnitOfWork<'_>, body: &str) -> Result<()> {
    for number in store::all_managers(work.connection).await? {
        if let Some(to) = Phone::from_e164(&number) {
            let draft = Draft::new(OutboundKind::ManagerWarning, to, body);
            whatsapp::queue_message(work, &draft).await?;
        }
    }
    Ok(())
}

/// The agents to whom a cycle's lead can be assigned, each with its label: `A = Sales A, B = Sales B`.
pub(crate) async fn team_of(work: &mut UnitOfWork<'_>, cycle: CycleId) -> Result<String> {
    let team = store::team_of(work.connection, cycle).await?;
    let team: Vec<String> = team
        .iter()
        .map(|(label, name)| format!("{label} = {}", one_line(name)))
        .collect();
    Ok(team.join(", "))
}
