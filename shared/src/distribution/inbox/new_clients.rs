//! New clients: when several messages wait, those of people who have no lead yet are handled in one transaction.
//!
//! Nothing of another person is locked or changed, so they cannot disturb each other.

use super::client_message::{auto_reply, contact_of, enquiry_of, report};
use crate::address::Address;
use crate::distribution::model::{Channel, Outcome, ReceivedMessage, Report};
use crate::distribution::offers::cycle::{self, OfferResult};
use crate::distribution::store;
use crate::id::{CycleId, LeadId, MessageId};
use crate::leads::{self, Contact, Enquiry, EnquiryKind, Lead, LeadStatus};
use crate::phone::Phone;
use crate::sales::{self, Origin};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, InboundKind, InboundRecord};
use crate::{App, Result};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// A message that asks for an agent, and what it says about its sender.
struct Asking {
    received: ReceivedMessage,
    contact: Contact,
}

/// A message of a new client, with the lead that was created for it.
struct NewClient<'message> {
    received: &'message ReceivedMessage,
    lead: Lead,
    enquiry: Enquiry,
}

/// Handles those of these messages that new clients wrote and that ask for an agent, as [`super::client_message::handle`] does. Returns
/// their reports. Nothing is changed for the others: each is handled alone.
pub(super) async fn handle_together(
    app: &App,
    ids: &[MessageId],
) -> Result<HashMap<MessageId, Report>> {
    let mut transaction = app.begin().await?;
    let received = store::lock_received(&mut transaction, ids).await?;
    let asking = asking(app, &mut transaction, received).await?;
    let people = asking
        .iter()
        .map(|one| (&one.contact, one.received.received_at));
    let people: Vec<_> = people.collect();
    let created = leads::create_absent(&mut transaction, &people, LeadStatus::Distributing).await?;
    let Some(read) = created.iter().map(|new| new.clock).max() else {
        return Ok(HashMap::new());
    };
    let now = app.clock.fixed().unwrap_or(read);
    let clients = clients(&asking, created.into_iter().map(|new| new.lead));
    let mut work = UnitOfWork::at(app, &mut transaction, now, Cause::Enquiry);
    let Some(reports) = place(&mut work, &clients).await? else {
        return Ok(HashMap::new());
    };
    let handled: Vec<MessageId> = reports.keys().copied().collect();
    store::remove_received(&mut transaction, &handled).await?;
    transaction.commit().await?;
    Ok(reports)
}

/// Those of these messages that ask for an agent and that neither an agent, a manager nor somebody who wants no messages wrote. One of
/// each person.
async fn asking(
    app: &App,
    connection: &mut PgConnection,
    received: Vec<ReceivedMessage>,
) -> Result<Vec<Asking>> {
    let mut seen = HashSet::new();
    let asks = |one: &ReceivedMessage| {
        let message = &one.message;
        message.channel == Channel::Chat
            && message.reaction.is_none()
            && !one.is_stale(app)
            && !app.lexicon.is_stop(&message.body)
    };
    let mut is_first = |one: &ReceivedMessage| {
        let message = &one.message;
        let mut addresses = vec![message.from.clone()];
        addresses.extend(message.other_address.clone());
        let is_first = !addresses.iter().any(|address| seen.contains(address));
        seen.extend(addresses);
        is_first
    };
    let asking: Vec<ReceivedMessage> = received
        .into_iter()
        .filter(|one| asks(one) && is_first(one))
        .collect();
    let addresses: Vec<_> = asking
        .iter()
        .map(|one| (&one.message.from, one.message.other_address.as_ref()))
        .collect();
    let senders = sales::senders(connection, &addresses).await?;
    let of_clients = asking.into_iter().zip(senders).filter(|(_, sender)| {
        sender.agent.is_none()
            && !sender.manages
            && !sender.is_blocked
            && sender.opted_out_at.is_none()
    });
    Ok(of_clients
        .map(|(received, _)| Asking {
            contact: contact_of(&received.message),
            received,
        })
        .collect())
}

/// Each lead with the message that it was created for.
fn clients(asking: &[Asking], leads: impl Iterator<Item = Lead>) -> Vec<NewClient<'_>> {
    let mut by_phone: HashMap<Phone, Lead> = leads
        .filter_map(|lead| Some((lead.phone.clone()?, lead)))
        .collect();
    let mut clients = Vec::with_capacity(asking.len());
    for Asking { received, contact } in asking {
        let addresses = [Some(&contact.address), contact.other_address.as_ref()];
        let phone = addresses.into_iter().flatten().find_map(Address::phone);
        let Some(lead) = phone.and_then(|phone| by_phone.remove(&phone)) else {
            continue;
        };
        let enquiry = enquiry_of(received, &lead);
        clients.push(NewClient {
            received,
            lead,
            enquiry,
        });
    }
    clients
}

/// Starts the cycles of these clients, stores their messages and answers them. Returns `None` if a message is a duplicate: the caller
/// must roll back.
async fn place(
    work: &mut UnitOfWork<'_>,
    clients: &[NewClient<'_>],
) -> Result<Option<HashMap<MessageId, Report>>> {
    let enquiries: Vec<(LeadId, &Enquiry)> = clients
        .iter()
        .map(|client| (client.lead.id, &client.enquiry))
        .collect();
    leads::record_enquiries(work.connection, &enquiries, work.now).await?;
    let origins: Vec<(LeadId, &Origin)> = clients
        .iter()
        .map(|client| (client.lead.id, &client.enquiry.origin))
        .collect();
    let started = cycle::start_new(work, &origins, EnquiryKind::Chat).await?;
    let placed: Vec<(&NewClient<'_>, CycleId, Report)> = clients
        .iter()
        .zip(started)
        .map(|(client, (cycle, result))| (client, cycle, placed(client, &result)))
        .collect();
    let records: Vec<InboundRecord> = placed
        .iter()
        .map(|(client, cycle, placed)| InboundRecord {
            lead: Some(client.lead.id),
            cycle: Some(*cycle),
            ..client
                .received
                .record_as(InboundKind::Client, placed.outcome)
        })
        .collect();
    let at = clients.iter().map(|client| client.received.received_at);
    let records: Vec<_> = records.iter().zip(at).collect();
    let stored = whatsapp::store_all_inbound(work.app, work.connection, &records).await?;
    if stored.len() < clients.len() {
        return Ok(None);
    }
    let answers: Vec<Draft> = placed
        .iter()
        .map(|(client, cycle, _)| auto_reply(work.app, client.received, &client.lead, *cycle))
        .collect();
    let answers: Vec<&Draft> = answers.iter().collect();
    whatsapp::queue_messages(work, &answers).await?;
    let reports = placed
        .into_iter()
        .map(|(client, _, report)| (client.received.id, report));
    Ok(Some(reports.collect()))
}

fn placed(client: &NewClient<'_>, result: &OfferResult) -> Report {
    let (outcome, attempt) = match result {
        OfferResult::Offered(opened) => (Outcome::Distributing, Some(opened.attempt)),
        OfferResult::Held => (Outcome::Held, None),
        OfferResult::Exhausted => (Outcome::Hangus, None),
    };
    report(outcome, client.received, &client.lead, attempt)
}
