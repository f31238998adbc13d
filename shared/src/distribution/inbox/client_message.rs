//! A client writes to the company's number.

use super::{duplicate, enquiry, news};
use crate::address::Address;
use crate::distribution::endings::stop;
use crate::distribution::model::{InboundMessage, Outcome, ReceivedMessage, Report};
use crate::id::{AttemptId, CycleId};
use crate::leads::{self, Contact, Enquiry, EnquiryKind, Lead, LeadStatus};
use crate::sales::Origin;
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, InboundKind, InboundRecord, OutboundKind};
use crate::{App, Result, contacts};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Handles a client's message. `opted_out_at` is when they wrote that they want no messages. Returns `None` if it is a duplicate: the
/// caller must roll back.
pub(super) async fn handle(
    app: &App,
    connection: &mut PgConnection,
    received: &ReceivedMessage,
    opted_out_at: Option<DateTime<Utc>>,
) -> Result<Option<Report>> {
    let message = &received.message;
    let contact = contact_of(message);
    let at = received.received_at;
    // A reaction asks for nothing. An old message was written to somebody who waits no more. "STOP" takes back what was written before.
    let is_taken_back = opted_out_at.is_some_and(|at| received.acknowledged_at < at);
    let asks = message.reaction.is_none() && !received.is_stale(app) && !is_taken_back;
    let new = if asks {
        LeadStatus::Distributing
    } else {
        LeadStatus::New
    };
    let client = enquiry::find_or_create(app, connection, &contact, new, at).await?;
    let lead = &client.lead;
    let mut work = client.start(app, connection).await?;
    // A new client has no handled message with a lead. A duplicate that was stored without one is found below, by `store_inbound`.
    if !client.is_new() && duplicate::was_handled(&mut work, received).await? {
        return Ok(None);
    }
    if !asks {
        return note(&mut work, received, lead).await;
    }
    let mut enquiry = enquiry_of(message);
    let origin = &mut enquiry.origin;
    origin.project = origin.project.take().or_else(|| lead.project.clone());
    origin.source = origin.source.take().or_else(|| lead.source_ads.clone());
    let placed = enquiry::place(&mut work, &client, &enquiry).await?;
    let record = InboundRecord {
        lead: Some(lead.id),
        cycle: placed.cycle,
        ..received.record_as(InboundKind::Client, placed.outcome)
    };
    if !whatsapp::store_inbound(app, work.connection, &record, at).await? {
        return Ok(None);
    }
    if let Some(cycle) = placed.cycle {
        let answer = auto_reply(app, received, lead, cycle);
        whatsapp::queue_message(&mut work, &answer).await?;
    }
    if let Some(listeners) = &placed.listeners {
        news::tell_written(&mut work, lead, listeners, received).await?;
    }
    Ok(Some(report(placed.outcome, received, lead, placed.attempt)))
}

/// Stores a message of a blocked number. Returns `None` if it is a duplicate.
pub(super) async fn store_blocked(
    app: &App,
    connection: &mut PgConnection,
    received: &ReceivedMessage,
) -> Result<Option<Report>> {
    let record = received.record_as(InboundKind::Client, Outcome::Blocked);
    let at = received.received_at;
    let new = whatsapp::store_inbound(app, connection, &record, at).await?;
    Ok(new.then_some(Report {
        outcome: Outcome::Blocked,
        duplicate: false,
        message: Some(received.id),
        lead: None,
        attempt: None,
    }))
}

/// The client wants no messages: nothing is sent to them any more, and the distribution of their lead ends. Returns
/// `None` if the message is a duplicate.
pub(super) async fn opt_out(
    app: &App,
    connection: &mut PgConnection,
    received: &ReceivedMessage,
) -> Result<Option<Report>> {
    let message = &received.message;
    let contact = Contact {
        other_address: message.other_address.clone(),
        ..Contact::known_by(message.from.clone())
    };
    let lead = match leads::find(connection, &contact).await? {
        Some(lead) => Some(leads::lock(connection, lead).await?),
        None => None,
    };
    let mut work = UnitOfWork::start(app, connection, Cause::Enquiry).await?;
    if duplicate::was_handled(&mut work, received).await? {
        return Ok(None);
    }
    let id = lead.as_ref().map(|lead| lead.id);
    let record = InboundRecord {
        lead: id,
        ..received.record_as(InboundKind::Client, Outcome::OptedOut)
    };
    if !whatsapp::store_inbound(app, work.connection, &record, received.received_at).await? {
        return Ok(None);
    }
    let mut addresses = vec![&message.from];
    addresses.extend(message.other_address.as_ref());
    let number = lead.as_ref().and_then(|lead| lead.phone.as_ref());
    let number = number.map(Address::from);
    addresses.extend(number.as_ref());
    contacts::opt_out(work.connection, &addresses, received.acknowledged_at).await?;
    if let Some(lead) = &lead {
        stop::stop_for_client(&mut work, lead).await?;
    }
    Ok(Some(Report {
        outcome: Outcome::OptedOut,
        duplicate: false,
        message: Some(received.id),
        lead: id,
        attempt: None,
    }))
}

/// What a message says about its sender.
pub(super) fn contact_of(message: &InboundMessage) -> Contact {
    Contact {
        address: message.from.clone(),
        other_address: message.other_address.clone(),
        name: message.name.clone(),
        source_ads: message.source_ads.clone(),
        project: message.project.clone(),
        area: None,
    }
}

/// The enquiry that a client's message is.
pub(super) fn enquiry_of(message: &InboundMessage) -> Enquiry {
    Enquiry {
        kind: EnquiryKind::Chat,
        meta_lead_id: None,
        origin: Origin {
            project: message.project.clone(),
            campaign: message.campaign.clone(),
            source: message.source_ads.clone(),
            words: Some(message.body.clone()),
        },
        area: None,
        click: message.click.clone(),
    }
}

/// The answer to a message that starts a cycle.
pub(super) fn auto_reply(
    app: &App,
    received: &ReceivedMessage,
    lead: &Lead,
    cycle: CycleId,
) -> Draft {
    let to = received.message.from.clone();
    let body = app.texts.render(Text::AutoReply, &[]);
    Draft::new(OutboundKind::AutoReply, to, body)
        .lead(lead.id)
        .cycle(cycle)
        .in_reply_to(received.id)
}

/// Stores a client's message that has no consequence.
async fn note(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    lead: &Lead,
) -> Result<Option<Report>> {
    let record = InboundRecord {
        lead: Some(lead.id),
        ..received.record_as(InboundKind::Client, Outcome::Noted)
    };
    let (app, at) = (work.app, received.received_at);
    let new = whatsapp::store_inbound(app, work.connection, &record, at).await?;
    if received.is_stale(app) {
        tracing::warn!(lead = %lead.id, message = %received.id, "distribution.stale: a client's message is too old to be answered");
    }
    Ok(new.then(|| report(Outcome::Noted, received, lead, None)))
}

/// The report of a message about this lead.
pub(super) fn report(
    outcome: Outcome,
    received: &ReceivedMessage,
    lead: &Lead,
    attempt: Option<AttemptId>,
) -> Report {
    Report {
        outcome,
        duplicate: false,
        message: Some(received.id),
        lead: Some(lead.id),
        attempt,
    }
}
