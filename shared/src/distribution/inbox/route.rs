//! Routing: who wrote a message, and which module decides what it means.
//!
//! A message is first stored with the time of its receipt ([`super::receive::receive`]) and then
//! handled in one transaction that also removes that row ([`handle`]). If the process dies between
//! the two, nothing is lost: a roll of any offer of that agent has the message handled first, and the
//! worker's sweep handles the rest.

use super::receive::receive;
use super::{agent_reply, client_message, manager_reply, new_clients};
use crate::distribution::endings::roll::MAX_FAILURES;
use crate::distribution::model::{
    AskedSnapshot, Channel, Handled, InboundMessage, LeadSnapshot, Outcome, ReceivedMessage,
    Report, Waiting,
};
use crate::distribution::store;
use crate::error::{DatabaseTrouble, ProviderFailure};
use crate::id::MessageId;
use crate::together::{Turn, do_alone, try_together};
use crate::whatsapp::{self, InboundKind};
use crate::{App, Error, Result, sales};
use chrono::TimeDelta;
use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

/// The sweep handles a message that is unhandled this long after its receipt.
const LEFT_AFTER: TimeDelta = TimeDelta::seconds(5);

/// Receives a message and handles it.
pub async fn receive_and_handle(app: &App, message: &InboundMessage) -> Result<Report> {
    let handled = receive_then_handle(app, message, false).await?;
    Ok(handled.report)
}

/// As [`receive_and_handle`], for an answer that shows the lead. The snapshot is there if the message was handled with others.
pub async fn receive_and_show(app: &App, message: &InboundMessage) -> Result<Handled> {
    receive_then_handle(app, message, true).await
}

async fn receive_then_handle(
    app: &App,
    message: &InboundMessage,
    is_shown: bool,
) -> Result<Handled> {
    let id = receive(app, message).await?;
    let waiting = Waiting {
        message: id,
        is_shown,
    };
    let handled = match message.channel {
        Channel::Chat => handle_in_turn(app, waiting).await,
        // Only agents write here.
        Channel::Ack | Channel::Screen => handle_alone(app, id).await.map(unread),
    };
    match handled {
        // Another process handled it, and it was a duplicate of an earlier message.
        Err(Error::NotFound { .. }) => {
            let mut connection = app.pool.acquire().await?;
            let past = past_report(app, &mut connection, id, message.message_id.as_deref());
            past.await.map(unread)
        }
        handled => handled,
    }
}

/// A message whose lead was not read.
fn unread(report: Report) -> Handled {
    Handled {
        report,
        snapshot: None,
    }
}

/// Decides what a received message means and does it: a client's message starts a cycle, an agent's
/// OK claims a lead.
///
/// Handling a message again, or a second message with the same provider id, changes nothing and
/// returns the report of the first time. Fails with `NotFound` if the message does not exist.
///
/// While others wait, the messages of new clients are handled together.
pub async fn handle(app: &App, id: MessageId) -> Result<Report> {
    let waiting = Waiting {
        message: id,
        is_shown: false,
    };
    Ok(handle_in_turn(app, waiting).await?.report)
}

async fn handle_in_turn(app: &App, waiting: Waiting) -> Result<Handled> {
    let id = waiting.message;
    let together = |waiting| handle_together(app, waiting);
    match app.inbox.0.start(waiting, together).await {
        Turn::Done(handled) => {
            log_handled(id, &handled.report);
            Ok(handled)
        }
        Turn::Alone(permit) => do_alone(permit, Box::pin(handle_alone(app, id)))
            .await
            .map(unread),
    }
}

/// Handles those of these messages that can be handled in one transaction, and then reads the leads that their answers show, in one
/// statement. Returns a result for each message, in their order; `None` if it must be handled alone.
async fn handle_together(app: &App, waiting: Vec<Waiting>) -> Vec<Option<Handled>> {
    let ids: Vec<MessageId> = waiting.iter().map(|one| one.message).collect();
    let handling = new_clients::handle_together(app, &ids);
    let handled = try_together("messages", ids.len(), handling).await;
    let mut reports = handled.unwrap_or_default();
    let reading = Box::pin(read_shown(app, &waiting, &reports));
    let shown = try_together("snapshots", reports.len(), reading).await;
    let mut shown = shown.unwrap_or_default();
    let handled = ids.into_iter().map(|id| {
        let report = reports.remove(&id)?;
        let snapshot = shown.remove(&id);
        Some(Handled { report, snapshot })
    });
    handled.collect()
}

/// The leads of those of these messages that are shown.
async fn read_shown(
    app: &App,
    waiting: &[Waiting],
    reports: &HashMap<MessageId, Report>,
) -> Result<HashMap<MessageId, LeadSnapshot>> {
    let shown = waiting.iter().filter(|one| one.is_shown);
    let (messages, asked): (Vec<MessageId>, Vec<AskedSnapshot>) = shown
        .filter_map(|one| {
            let report = reports.get(&one.message)?;
            let (lead, attempt) = (report.lead?, report.attempt);
            Some((one.message, AskedSnapshot { lead, attempt }))
        })
        .unzip();
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let mut connection = app.pool.acquire().await?;
    let found = store::snapshots(&mut connection, &asked).await?;
    let found = messages.into_iter().zip(found);
    Ok(found
        .filter_map(|(message, snapshot)| Some((message, snapshot?)))
        .collect())
}

/// As [`handle`], without a wait for other messages. A roll uses it: a deadline comes first.
pub(crate) async fn handle_alone(app: &App, id: MessageId) -> Result<Report> {
    // A panic is the message's fault, too: it must not end the sweep that handles the others.
    let Ok(handled) = AssertUnwindSafe(handle_once(app, id)).catch_unwind().await else {
        count_failure(app, id).await?;
        let panicked = "the handling of a message panicked";
        return Err(Error::provider(
            "worker",
            ProviderFailure::UNAVAILABLE,
            panicked,
        ));
    };
    if let Err(error) = &handled
        && is_fault_of_the_message(error)
    {
        count_failure(app, id).await?;
    }
    handled
}

async fn count_failure(app: &App, id: MessageId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    store::count_message_failure(&mut connection, id).await
}

/// Whether handling the message again would fail again. A deadlock or a lost connection, for
/// example, is not the message's fault.
fn is_fault_of_the_message(error: &Error) -> bool {
    match error {
        Error::NotFound { .. } => false,
        Error::Provider(failure) => !matches!(failure.class, ProviderFailure::Unavailable { .. }),
        Error::Database(sqlx::Error::Database(refusal)) => {
            // SQLSTATE classes: transaction rollback, resources, operator intervention, system
            // error, lock not available, a standby that only reads, idle transaction timeout.
            let transient = ["40", "53", "57", "58", "55P03", "25006", "25P03"];
            !refusal
                .code()
                .is_some_and(|code| transient.iter().any(|class| code.starts_with(class)))
        }
        Error::Database(error) => matches!(
            error,
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
        ),
        _ => true,
    }
}

/// Boxed, so that the code of all that a message can mean is built once, in this crate (ADR 13).
fn handle_once(app: &App, id: MessageId) -> BoxFuture<'_, Result<Report>> {
    Box::pin(take_and_dispatch(app, id))
}

async fn take_and_dispatch(app: &App, id: MessageId) -> Result<Report> {
    let mut transaction = app.begin().await?;
    let Some(received) = store::take_received(&mut transaction, id).await? else {
        return past_report(app, &mut transaction, id, None).await;
    };
    // In a box, because the futures of all that a message can mean are large.
    let meaning = Box::pin(dispatch(app, &mut transaction, &received));
    let Some(report) = meaning.await? else {
        transaction.rollback().await?;
        return remove_duplicate(app, &received).await;
    };
    transaction.commit().await?;
    log_handled(id, &report);
    Ok(report)
}

fn log_handled(id: MessageId, report: &Report) {
    tracing::info!(
        message_id = %id,
        outcome = report.outcome.as_str(),
        lead = report.lead.map(tracing::field::display),
        attempt = report.attempt.map(tracing::field::display),
        "distribution.message_handled"
    );
}

/// Calls the module for the sender: agent, manager, client or stranger. Returns `None` if the message
/// is a duplicate.
async fn dispatch(
    app: &App,
    connection: &mut PgConnection,
    received: &ReceivedMessage,
) -> Result<Option<Report>> {
    let message = &received.message;
    let other = message.other_address.as_ref();
    let sender = sales::sender(connection, &message.from, other).await?;
    if let Some(agent) = &sender.agent {
        // A manager may be an agent, too.
        if sender.manages && is_for_managers(app, received) {
            return manager_reply::handle(app, connection, received).await;
        }
        if let Some(address) = other {
            sales::link(connection, &agent.id, address, received.received_at).await?;
        }
        return agent_reply::handle(app, connection, received, agent).await;
    }
    if sender.manages {
        return manager_reply::handle(app, connection, received).await;
    }
    match message.channel {
        Channel::Chat if sender.is_blocked => {
            client_message::store_blocked(app, connection, received).await
        }
        Channel::Chat if app.lexicon.is_stop(&message.body) => {
            client_message::opt_out(app, connection, received).await
        }
        Channel::Chat => {
            client_message::handle(app, connection, received, sender.opted_out_at).await
        }
        Channel::Ack | Channel::Screen => store_stranger(app, connection, received).await,
    }
}

/// Whether a message is one that only managers write.
fn is_for_managers(app: &App, received: &ReceivedMessage) -> bool {
    let body = &received.message.body;
    app.lexicon.read_assignments(body).is_some() || app.lexicon.read_summary(body).is_some()
}

/// Handles the messages that are unhandled for five seconds, for example because their process died.
/// Returns how many there were. Fails if the database cannot work: nothing of them is lost then.
pub async fn handle_unhandled(app: &App) -> Result<usize> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let left = store::unhandled_before(&mut connection, now - LEFT_AFTER, MAX_FAILURES).await?;
    drop(connection);
    for id in &left {
        let Err(error) = handle(app, *id).await else {
            continue;
        };
        // The others would fail in the same way, and the caller logs it once.
        if matches!(
            error.database_trouble(),
            Some(DatabaseTrouble::Away | DatabaseTrouble::DiskFull)
        ) {
            return Err(error);
        }
        tracing::error!(message_id = %id, %error, "distribution.message_not_handled");
    }
    Ok(left.len())
}

/// Stores a message on the channel for agents whose sender is no agent.
async fn store_stranger(
    app: &App,
    connection: &mut PgConnection,
    received: &ReceivedMessage,
) -> Result<Option<Report>> {
    let record = received.record_as(InboundKind::Stranger, Outcome::UnknownAgent);
    let at = received.received_at;
    let new = whatsapp::store_inbound(app, connection, &record, at).await?;
    Ok(new.then_some(Report {
        outcome: Outcome::UnknownAgent,
        duplicate: false,
        message: Some(received.id),
        lead: None,
        attempt: None,
    }))
}

async fn remove_duplicate(app: &App, received: &ReceivedMessage) -> Result<Report> {
    let mut transaction = app.begin().await?;
    store::take_received(&mut transaction, received.id).await?;
    let provider_id = received.message.message_id.as_deref();
    let past = past_report(app, &mut transaction, received.id, provider_id).await;
    transaction.commit().await?;
    match past {
        // The sender was erased since, and the earlier report with them.
        Err(Error::NotFound { .. }) => Ok(Report {
            outcome: Outcome::Noted,
            duplicate: true,
            message: None,
            lead: None,
            attempt: None,
        }),
        past => past,
    }
}

async fn past_report(
    app: &App,
    connection: &mut PgConnection,
    id: MessageId,
    provider_message_id: Option<&str>,
) -> Result<Report> {
    let past = whatsapp::past_outcome(app, connection, id, provider_message_id)
        .await?
        .ok_or(Error::NotFound { what: "message" })?;
    Ok(Report {
        outcome: Outcome::parse(&past.outcome).ok_or(Error::NotFound { what: "outcome" })?,
        duplicate: past.id != id,
        message: Some(past.id),
        lead: past.lead_id,
        attempt: past.attempt_id,
    })
}
