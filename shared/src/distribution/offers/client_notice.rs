//! What a client is told about their enquiry: who serves them, that nobody could, or when somebody is back.
//!
//! Each is sent once a cycle, and none to a client who asked for no messages. Outside WhatsApp's 24 hours the template
//! for notices carries it.

use crate::Result;
use crate::id::{CycleId, LeadId};
use crate::jobs::{SendMessage, enqueue};
use crate::leads::{self, Lead};
use crate::sales::Agent;
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, OutboundKind};
use chrono::{DateTime, TimeDelta, Utc};

/// How long after the enquiry a client is told when somebody is back, so that the auto-reply comes first.
const AFTER_AUTO_REPLY: TimeDelta = TimeDelta::seconds(2);
/// A client is not told of a shorter wait.
const SHORTEST_WAIT: TimeDelta = TimeDelta::minutes(10);

/// Tells the client which agent serves them, and the agent's number.
pub(crate) async fn tell_who_serves(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    agent: &Agent,
    cycle: CycleId,
) -> Result<()> {
    let phone = agent
        .phone
        .as_ref()
        .map_or("-", crate::phone::Phone::as_str);
    let name = name(work, lead);
    let values = [
        ("name", name.as_str()),
        ("agent", agent.name.as_str()),
        ("phone", phone),
    ];
    let body = work.app.texts.render_if_on(Text::ClientClaimed, &values);
    tell(work, lead, cycle, (OutboundKind::ClientClaimed, body)).await
}

/// Tells the client that no agent could take the lead.
pub(crate) async fn tell_hangus(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    cycle: CycleId,
) -> Result<()> {
    let lead = leads::by_id(work.connection, lead).await?;
    let name = name(work, &lead);
    let values = [("name", name.as_str())];
    let body = work.app.texts.render_if_on(Text::ClientHangus, &values);
    tell(work, &lead, cycle, (OutboundKind::ClientHangus, body)).await
}

/// Tells the client when an agent is back, unless that is soon.
pub(crate) async fn tell_until(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    cycle: CycleId,
    until: DateTime<Utc>,
) -> Result<()> {
    if until - work.now < SHORTEST_WAIT {
        return Ok(());
    }
    let lead = leads::by_id(work.connection, lead).await?;
    let until = work.app.timezone.day_in_words(until);
    let name = name(work, &lead);
    let values = [("name", name.as_str()), ("until", until.as_str())];
    let body = work.app.texts.render_if_on(Text::ClientHeld, &values);
    let Some(draft) = draft(work, &lead, cycle, (OutboundKind::ClientHeld, body)).await? else {
        return Ok(());
    };
    if let Some(message) = whatsapp::insert_outbound(work, &draft).await? {
        let due = work.now + AFTER_AUTO_REPLY;
        enqueue(work.connection, &SendMessage { message, nth: 0 }, due).await?;
    }
    Ok(())
}

fn name(work: &UnitOfWork<'_>, lead: &Lead) -> String {
    work.app.texts.name_of_client(lead.name.as_deref())
}

async fn tell(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    cycle: CycleId,
    message: (OutboundKind, Option<String>),
) -> Result<()> {
    if let Some(draft) = draft(work, lead, cycle, message).await? {
        whatsapp::queue_message(work, &draft).await?;
    }
    Ok(())
}

/// The message, unless it is switched off or the client has no address.
async fn draft(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    cycle: CycleId,
    (kind, body): (OutboundKind, Option<String>),
) -> Result<Option<Draft>> {
    let Some(body) = body else {
        return Ok(None);
    };
    let to = leads::address_of(work.connection, lead).await?;
    Ok(to.map(|to| Draft::new(kind, to, body).lead(lead.id).cycle(cycle)))
}
