//! New clients: when several messages wait, those of people who have no lead yet are handled in one transaction.
//!
//! Transactions of several leads must not wait for each other in a circle. So only messages are handled together whose decisions need
//! no lock: their leads are created here, and their agents have no turns to count and no cap.

use super::client_message::{auto_reply, contact_of, enquiry_of, report};
use crate::address::Address;
use crate::distribution::model::{Channel, ReceivedMessage, Report};
use crate::distribution::offers::cycle;
use crate::distribution::store::{self, NewCycle};
use crate::id::{CycleId, LeadId, MessageId};
use crate::leads::{self, Contact, Enquiry, EnquiryKind, Lead, LeadStatus};
use crate::phone::Phone;
use crate::sales::{self, ActivePlace, Origin, Route};
use crate::strategy::Strategy;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, InboundKind, InboundRecord};
use crate::{App, Result};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// A message that asks for an agent.
struct Asking {
    received: ReceivedMessage,
    contact: Contact,
    enquiry: Enquiry,
}

/// A message of a new client, and the queue that it goes to.
struct NewClient {
    asking: Asking,
    route: Route,
    places: Vec<ActivePlace>,
}

/// A new client, with the lead that was created for them.
type Created<'client> = (&'client NewClient, Lead);

/// Handles those of these messages that new clients wrote and that ask for an agent, as [`super::client_message::handle`] does. Returns
/// their reports. Nothing is changed for the others: each is handled alone.
pub(super) fn handle_together<'a>(
    app: &'a App,
    ids: &'a [MessageId],
) -> BoxFuture<'a, Result<HashMap<MessageId, Report>>> {
    // Boxed here, so that its code is built once, in this crate (ADR 13).
    Box::pin(handle_those_of_new_clients(app, ids))
}

async fn handle_those_of_new_clients(
    app: &App,
    ids: &[MessageId],
) -> Result<HashMap<MessageId, Report>> {
    let mut transaction = app.begin().await?;
    let received = store::lock_received(&mut transaction, ids).await?;
    let asking = asking(app, &mut transaction, received).await?;
    let clients = without_locks(&mut transaction, asking).await?;
    let people: Vec<_> = clients
        .iter()
        .map(|client| (&client.asking.contact, client.asking.received.received_at))
        .collect();
    let created = leads::create_absent(&mut transaction, &people, LeadStatus::Distributing).await?;
    let Some(read) = created.iter().map(|new| new.clock).max() else {
        return Ok(HashMap::new());
    };
    let now = app.clock.fixed().unwrap_or(read);
    let created = with_leads(&clients, created.into_iter().map(|new| new.lead));
    let mut work = UnitOfWork::at(app, &mut transaction, now, Cause::Enquiry);
    let Some(reports) = place(&mut work, &created).await? else {
        return Ok(HashMap::new());
    };
    let handled: Vec<MessageId> = reports.keys().copied().collect();
    store::remove_received(&mut transaction, &handled).await?;
    transaction.commit().await?;
    Ok(reports)
}

/// Those of these messages that ask for an agent, one of each person. Leaves out those of agents, of managers, and of people who want no
/// messages.
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
    if asking.is_empty() {
        return Ok(Vec::new());
    }
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
            enquiry: enquiry_of(&received.message),
            received,
        })
        .collect())
}

/// Those whose decisions need no lock. A queue that rotates has turns to count, and an agent with a cap gets only so many leads.
async fn without_locks(
    connection: &mut PgConnection,
    asking: Vec<Asking>,
) -> Result<Vec<NewClient>> {
    if asking.is_empty() {
        return Ok(Vec::new());
    }
    let origins: Vec<&Origin> = asking.iter().map(|one| &one.enquiry.origin).collect();
    let routes = sales::routes(connection, &origins).await?;
    let clients = asking.into_iter().zip(routes);
    let clients = clients.map(|(asking, (route, places))| NewClient {
        asking,
        route,
        places,
    });
    let needs_no_lock =
        |client: &NewClient| client.route.strategy == Strategy::Fixed && !client.route.has_caps;
    Ok(clients.filter(needs_no_lock).collect())
}

/// The clients for whom a lead was created. The others have one already.
fn with_leads(clients: &[NewClient], leads: impl Iterator<Item = Lead>) -> Vec<Created<'_>> {
    let mut by_phone: HashMap<Phone, Lead> = leads
        .filter_map(|lead| Some((lead.phone.clone()?, lead)))
        .collect();
    let mut created = Vec::with_capacity(clients.len());
    for client in clients {
        let contact = &client.asking.contact;
        let addresses = [Some(&contact.address), contact.other_address.as_ref()];
        let phone = addresses.into_iter().flatten().find_map(Address::phone);
        if let Some(lead) = phone.and_then(|phone| by_phone.remove(&phone)) {
            created.push((client, lead));
        }
    }
    created
}

/// Starts the cycles of these clients, stores their messages and answers them. Returns `None` if they cannot be handled together after
/// all: a message is a duplicate, or leads of two queues are held. The caller must roll back.
async fn place(
    work: &mut UnitOfWork<'_>,
    created: &[Created<'_>],
) -> Result<Option<HashMap<MessageId, Report>>> {
    let enquiries: Vec<(LeadId, &Enquiry)> = created
        .iter()
        .map(|(client, lead)| (lead.id, &client.asking.enquiry))
        .collect();
    leads::record_enquiries(work.connection, &enquiries, work.now).await?;
    let new: Vec<NewCycle<'_>> = created
        .iter()
        .map(|(client, lead)| NewCycle {
            lead: lead.id,
            trigger: EnquiryKind::Chat.into(),
            route: client.route,
            queue: &client.places,
            former_agent: None,
            past: None,
        })
        .collect();
    let Some(started) = cycle::start_new(work, &new).await? else {
        return Ok(None);
    };
    let placed: Vec<(&Created<'_>, CycleId, Report)> = created
        .iter()
        .zip(started)
        .map(|(one, (cycle, result))| {
            let (client, lead) = one;
            let (outcome, attempt) = result.outcome();
            let report = report(outcome, &client.asking.received, lead, attempt);
            (one, cycle, report)
        })
        .collect();
    let records: Vec<(InboundRecord, DateTime<Utc>)> = placed
        .iter()
        .map(|((client, lead), cycle, report)| {
            let received = &client.asking.received;
            let record = InboundRecord {
                lead: Some(lead.id),
                cycle: Some(*cycle),
                ..received.record_as(InboundKind::Client, report.outcome)
            };
            (record, received.received_at)
        })
        .collect();
    let stored: Vec<_> = records.iter().map(|(record, at)| (record, *at)).collect();
    let stored = whatsapp::store_all_inbound(work.app, work.connection, &stored).await?;
    if stored.len() < created.len() {
        return Ok(None);
    }
    let answers: Vec<Draft> = placed
        .iter()
        .map(|((client, lead), cycle, _)| {
            auto_reply(work.app, &client.asking.received, lead, *cycle)
        })
        .collect();
    let answers: Vec<&Draft> = answers.iter().collect();
    whatsapp::queue_messages(work, &answers).await?;
    let reports = placed
        .into_iter()
        .map(|((client, _), _, report)| (client.asking.received.id, report));
    Ok(Some(reports.collect()))
}
