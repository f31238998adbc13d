//! The handover: an agent was disabled or gives away their desk, and their leads and visits go where the admin chose.

use super::lead_lines::lines_of;
use crate::distribution::endings::assign::assign_quietly;
use crate::distribution::endings::let_go::let_go_if_disabled;
use crate::distribution::model::Trigger;
use crate::distribution::offers::{client_notice, cycle};
use crate::distribution::store::{self, Destination, Handover};
use crate::id::LeadId;
use crate::leads::{self, Lead, LeadProgress, LeadStatus};
use crate::phone::Phone;
use crate::sales::{self, Agent, Origin};
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, OutboundKind};
use crate::{App, Error, Result};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Carries out a handover, lead by lead, each in its own transaction. Safe any number of times. Does
/// nothing if it is done or the agent is enabled again.
pub async fn hand_over(app: &App, id: Uuid) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let Some(handover) = store::handover(&mut connection, id).await? else {
        return Ok(());
    };
    let agent = sales::by_id(&mut connection, &handover.agent).await?;
    if !agent.disabled && !handover.of_desk {
        return Ok(());
    }
    let offers = if handover.of_desk {
        Vec::new()
    } else {
        store::open_offers_of(&mut connection, &agent.id).await?
    };
    drop(connection);
    for offer in offers {
        let_go_if_disabled(app, offer.attempt, Cause::Admin).await?;
    }
    let (mut seen, mut remaining) = (BTreeSet::new(), 0);
    loop {
        // Again until nothing is new: a claim from before the agent was disabled can have ended since the last look.
        let mut owned = leads_to_move(app, &handover, &agent).await?;
        owned.retain(|lead| seen.insert(*lead));
        if owned.is_empty() {
            break;
        }
        for lead in owned {
            let stays = !move_lead(app, &handover, &agent, lead).await?;
            remaining += i32::from(stays);
        }
    }
    end(app, &handover, &agent, remaining).await
}

/// The leads that the agent owns at this moment and that the handover moves.
async fn leads_to_move(app: &App, handover: &Handover, agent: &Agent) -> Result<Vec<LeadId>> {
    let mut connection = app.pool.acquire().await?;
    let mut owned = store::claimed_leads_of(&mut connection, &agent.id).await?;
    if let Some(chosen) = &handover.chosen {
        // An agent who stays can have claimed a lead again that an interrupted run moved.
        let moved = store::moved_leads(&mut connection, handover.id).await?;
        owned.retain(|lead| chosen.contains(lead) && !moved.contains(lead));
    }
    Ok(owned)
}

/// Moves one lead of the agent. Returns `false` if it stays, for a person to decide. A lead that is not
/// the agent's any more does not stay.
async fn move_lead(app: &App, handover: &Handover, agent: &Agent, lead: LeadId) -> Result<bool> {
    if handover.destination == Destination::List {
        return Ok(false);
    }
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    let lead = match leads::lock(&mut transaction, lead).await {
        // It was merged into another lead meanwhile.
        Err(Error::NotFound { .. }) => return Ok(true),
        lead => lead?,
    };
    let is_over = matches!(lead.progress, LeadProgress::Won | LeadProgress::Lost);
    if lead.owner.as_ref() != Some(&agent.id) || lead.status != LeadStatus::Claimed || is_over {
        transaction.rollback().await?;
        return Ok(true);
    }
    let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Admin).await?;
    match &handover.destination {
        Destination::List => {}
        Destination::Colleague(to) => {
            let to = sales::by_id(work.connection, to).await?;
            let why = json!({ "reason": "handover", "from": agent.id, "by": handover.by });
            match assign_quietly(&mut work, &lead, &to, why).await {
                Ok((_, Some(cycle))) => {
                    client_notice::tell_who_serves(&mut work, &lead, &to, cycle).await?;
                }
                Ok((_, None)) => {}
                // The colleague was disabled in the meantime.
                Err(Error::Conflict { .. }) => {
                    transaction.rollback().await?;
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Destination::Distribute => {
            let origin = Origin {
                project: lead.project.clone(),
                campaign: None,
                source: lead.source_ads.clone(),
                words: None,
            };
            // Without an owner, the cycle asks no former agent first: the giver waits for their turn.
            let given = Lead {
                owner: None,
                ..lead.clone()
            };
            cycle::start(&mut work, &given, &origin, Trigger::Admin).await?;
        }
    }
    store::record_moved(work.connection, handover.id, lead.id).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Ends the handover, and tells the new owner or the managers, in one transaction.
async fn end(app: &App, handover: &Handover, agent: &Agent, remaining: i32) -> Result<()> {
    let mut transaction = app.begin().await?;
    let mut work = UnitOfWork::start(app, &mut transaction, Cause::Admin).await?;
    let moved = store::moved_leads(work.connection, handover.id).await?;
    let count = i32::try_from(moved.len()).unwrap_or(i32::MAX);
    if !store::end_handover(work.connection, handover.id, (count, remaining), work.now).await? {
        return Ok(transaction.rollback().await?);
    }
    if let Destination::Colleague(to) = &handover.destination
        && !moved.is_empty()
    {
        let to = sales::by_id(work.connection, to).await?;
        tell_new_owner(&mut work, &to, agent, &moved).await?;
    }
    if handover.of_desk {
        tell_giver(&mut work, handover, agent, &moved).await?;
    } else {
        let visits = store::visits_ahead_of(work.connection, &agent.id, work.now).await?;
        if remaining > 0 || visits > 0 {
            tell_managers(&mut work, agent, remaining, visits).await?;
        }
    }
    transaction.commit().await?;
    tracing::info!(sales = %agent.id, moved = count, remaining, "distribution.handed_over");
    Ok(())
}

async fn tell_new_owner(
    work: &mut UnitOfWork<'_>,
    to: &Agent,
    from: &Agent,
    moved: &[LeadId],
) -> Result<()> {
    let Some(phone) = &to.phone else {
        return Ok(());
    };
    let lines = lines_of(work, moved).await?;
    let values = [
        ("count", &*moved.len().to_string()),
        ("agent", from.name.as_str()),
        ("leads", lines.as_str()),
    ];
    let body = work.app.texts.render(Text::HandedOver, &values);
    let draft = Draft::new(OutboundKind::HandedOver, phone, body);
    whatsapp::queue_message(work, &draft).await?;
    Ok(())
}

/// Tells the agent who gave leads which of them they must not contact any more, unless they are disabled.
async fn tell_giver(
    work: &mut UnitOfWork<'_>,
    handover: &Handover,
    agent: &Agent,
    moved: &[LeadId],
) -> Result<()> {
    let Some(phone) = agent.phone.as_ref().filter(|_| !agent.disabled) else {
        return Ok(());
    };
    if moved.is_empty() {
        return Ok(());
    }
    let to = match &handover.destination {
        Destination::Colleague(to) => sales::by_id(work.connection, to).await?.name,
        _ => work.app.texts.render(Text::TheQueue, &[]),
    };
    let lines = lines_of(work, moved).await?;
    let values = [
        ("count", &*moved.len().to_string()),
        ("agent", to.as_str()),
        ("leads", lines.as_str()),
    ];
    let body = work.app.texts.render(Text::HandedAway, &values);
    let draft = Draft::new(OutboundKind::HandedOver, phone, body);
    whatsapp::queue_message(work, &draft).await?;
    Ok(())
}

async fn tell_managers(
    work: &mut UnitOfWork<'_>,
    agent: &Agent,
    leads: i32,
    visits: i64,
) -> Result<()> {
    let values = [
        ("agent", agent.name.as_str()),
        ("count", &*leads.to_string()),
        ("visits", &*visits.to_string()),
    ];
    let body = work.app.texts.render(Text::ManagerAgentDisabled, &values);
    let managers = store::managers_of_agent(work.connection, &agent.id).await?;
    for to in managers
        .iter()
        .filter_map(|number| Phone::from_e164(number))
    {
        let draft = Draft::new(OutboundKind::ManagerAgentDisabled, to, body.clone());
        whatsapp::queue_message(work, &draft).await?;
    }
    Ok(())
}
