//! Messages: `wa_message` holds every message in and out, and is the outbox.
//!
//! To send a message, an operation stores its row and enqueues a [`SendMessage`] job in its own
//! transaction. `distribution::send` delivers it later. Unique keys on the row prevent a second
//! message of the same kind.

mod model;
mod notices;
mod outbox;
mod person;
mod queue;
mod sending;
mod statuses;
mod store;
mod traces;

pub use model::{
    Correction, Draft, Echo, FailedCalls, InboundKind, InboundRecord, MessageRow, OutboundKind,
    PastOutcome, Queued, Short,
};
pub use notices::{Notice, queue_notice};
pub use outbox::deliver;
pub(crate) use person::{Named, erase_person, person_rows, search};
pub use queue::{insert_all_outbound, insert_outbound, queue_message, queue_messages};
pub use sending::{AcceptedMessage, AcceptedSend, Sending, WrittenOffer};
pub use statuses::{Progress, Recipient, Reported, Status, report, requeue};

use crate::address::Address;
use crate::id::{AttemptId, LeadId, MessageId};
use crate::jobs::{SendMessage, enqueue};
use crate::phone::Phone;
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use std::collections::HashSet;

/// The longest text that is stored, in characters. WhatsApp's own limit is lower.
const MAX_TEXT: usize = 10_000;

/// A text that PostgreSQL can store: without NUL characters, and cut to 10,000 characters.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(MAX_TEXT).collect()
}

/// A test message that was not sent after this time is given up.
const TEST_EXPIRES_AFTER: TimeDelta = TimeDelta::minutes(2);

/// Sends a test message with this text, or with the catalogue's. Returns the id of its row.
///
/// The message is given up if it was not sent within two minutes.
pub async fn send_test(app: &App, to: &Phone, text: Option<String>) -> Result<MessageId> {
    let text = text.unwrap_or_else(|| app.texts.render(Text::Test, &[]));
    let draft = Draft::new(OutboundKind::Test, to, text);
    let mut transaction = app.begin().await?;
    let mut work = UnitOfWork::start(app, &mut transaction, Cause::Admin).await?;
    let message = insert_outbound(&mut work, &draft).await?;
    let message = message.ok_or(Error::Conflict {
        code: "said_before",
    })?;
    let now = work.now;
    expire(work.connection, message, now + TEST_EXPIRES_AFTER).await?;
    enqueue(work.connection, &SendMessage { message, nth: 0 }, now).await?;
    transaction.commit().await?;
    Ok(message)
}

/// Stores an inbound message with what it was taken to mean.
///
/// Returns `false` if a message with the same provider id is stored already. Then nothing is
/// written.
pub async fn store_inbound(
    app: &App,
    connection: &mut PgConnection,
    record: &InboundRecord,
    received_at: DateTime<Utc>,
) -> Result<bool> {
    let stored = store_all_inbound(app, connection, &[(record, received_at)]).await?;
    Ok(stored.len() == 1)
}

/// As [`store_inbound`], for several messages, each with the time of its receipt. Returns those that were stored.
pub async fn store_all_inbound(
    app: &App,
    connection: &mut PgConnection,
    records: &[(&InboundRecord, DateTime<Utc>)],
) -> Result<HashSet<MessageId>> {
    let provider = app.provider.name();
    let stored = store::insert_in(connection, records, &app.company_phone, provider).await?;
    let stored: HashSet<MessageId> = stored.into_iter().collect();
    let opens = |record: &InboundRecord| record.by_whatsapp && app.provider.rules().is_some();
    for (record, received_at) in records {
        if opens(record) && stored.contains(&record.id) {
            let at = record.sent_at.unwrap_or(*received_at).min(*received_at);
            store::open_window(connection, provider, &record.from, at).await?;
        }
    }
    Ok(stored)
}

/// Stores that a sender edited or deleted a message. Returns `false` if it is stored already.
pub async fn store_correction(
    app: &App,
    connection: &mut PgConnection,
    correction: &Correction,
) -> Result<bool> {
    store::insert_correction(connection, app.provider.name(), correction).await
}

/// Stores a message that somebody of the company wrote with the phone's own app. Returns `false` if
/// it is stored already.
pub async fn store_echo(app: &App, connection: &mut PgConnection, echo: &Echo) -> Result<bool> {
    store::insert_echo(connection, app.provider.name(), &app.company_phone, echo).await
}

/// The queued row of an outbound message. `None` if it was sent, failed or does not exist.
pub async fn queued(connection: &mut PgConnection, message: MessageId) -> Result<Option<Queued>> {
    store::queued(connection, message).await
}

/// Stores that the provider accepted a send with all its messages, in one transaction. Does nothing
/// for a provider without recorded sends.
pub async fn settle(app: &App, sent: &AcceptedSend) -> Result<()> {
    let Some(send) = sent.send else {
        return Ok(());
    };
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let id = &sent.accepted.provider_message_id;
    store::settle_accepted(&mut transaction, send, id, now).await?;
    Ok(transaction.commit().await?)
}

/// Stores, in the caller's transaction, that the provider accepted these messages, at this instant or else at that of the statement.
///
/// Returns those that it stored: the others were accepted before, or put back into the queue in the meantime.
pub async fn set_accepted(
    connection: &mut PgConnection,
    messages: &[&AcceptedMessage],
    now: Option<DateTime<Utc>>,
) -> Result<HashSet<MessageId>> {
    let stored = store::set_accepted(connection, messages, now).await?;
    Ok(stored.into_iter().collect())
}

/// Sets when the message expires. A message that is still queued then is given up.
pub async fn expire(
    connection: &mut PgConnection,
    message: MessageId,
    at: DateTime<Utc>,
) -> Result<()> {
    store::expire(connection, message, at).await
}

/// Marks a message as failed, with the reason.
pub async fn give_up(app: &App, message: MessageId, reason: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    store::set_failed(&mut connection, message, reason).await
}

/// Counts a failed call to the provider, whose outcome may be unknown.
pub async fn count_failed_call(
    app: &App,
    message: MessageId,
    is_unknown: bool,
) -> Result<FailedCalls> {
    let mut connection = app.pool.acquire().await?;
    store::count_failed_call(&mut connection, message, is_unknown, app.clock.fixed()).await
}

/// Those of these provider's ids that are messages of ours.
pub async fn ours_of(app: &App, provider_message_ids: &[String]) -> Result<HashSet<String>> {
    let mut connection = app.pool.acquire().await?;
    store::ours_of(&mut connection, provider_message_ids).await
}

/// Whether the provider takes any text to this address now. With Meta that is so for 24 hours after the person wrote.
pub async fn takes_any_text(work: &mut UnitOfWork<'_>, to: &Address) -> Result<bool> {
    let provider = &work.app.provider;
    let Some(rules) = provider.rules() else {
        return Ok(true);
    };
    let heard = store::last_heard(work.connection, provider.name(), to).await?;
    let window = TimeDelta::from_std(rules.window).unwrap_or_default();
    Ok(heard.is_some_and(|heard| work.now < heard + window))
}

/// The queued row of an attempt's offer. `None` if there is none, or it was sent or failed.
pub async fn queued_offer(
    connection: &mut PgConnection,
    attempt: AttemptId,
) -> Result<Option<Queued>> {
    store::queued_offer(connection, attempt).await
}

/// Marks an attempt's offer as failed if it is still queued, so that it is not sent.
pub async fn recall_offer(
    connection: &mut PgConnection,
    attempt: AttemptId,
    reason: &str,
) -> Result<()> {
    store::recall_offer(connection, attempt, reason).await
}

/// Whether the row of an attempt's offer exists. The agent may have the offer then.
pub async fn offer_was_written(connection: &mut PgConnection, attempt: AttemptId) -> Result<bool> {
    store::offer_was_written(connection, attempt).await
}

/// How many unhelpful answers this address received since it last took or passed a lead.
pub async fn unhelpful_replies(connection: &mut PgConnection, address: &Address) -> Result<i64> {
    store::unhelpful_replies(connection, address).await
}

/// How many lists of open offers this address was sent since an instant, because a message of theirs did not choose one.
pub async fn hints_since(
    connection: &mut PgConnection,
    address: &Address,
    since: DateTime<Utc>,
) -> Result<i64> {
    store::hints_since(connection, address, since).await
}

/// The text of the last message to this address that lists offers by number. `None` if there is none of the last two
/// days.
pub async fn last_list(
    connection: &mut PgConnection,
    address: &Address,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    store::last_list(connection, address, now).await
}

/// Replaces the text of a queued row.
pub async fn rewrite(
    connection: &mut PgConnection,
    message: MessageId,
    draft: &Draft,
) -> Result<()> {
    store::rewrite(connection, message, draft).await
}

/// Whether the provider refused the attempt's offer permanently.
pub async fn offer_failed(connection: &mut PgConnection, attempt: AttemptId) -> Result<bool> {
    store::offer_failed(connection, attempt).await
}

/// The attempt whose offer is the message of ours with this provider id.
pub async fn attempt_of_offer(
    connection: &mut PgConnection,
    provider_message_id: &str,
) -> Result<Option<AttemptId>> {
    store::attempt_of_offer(connection, provider_message_id).await
}

/// What an inbound message was taken to mean, found by our id or by the provider's.
pub async fn past_outcome(
    app: &App,
    connection: &mut PgConnection,
    id: MessageId,
    provider_message_id: Option<&str>,
) -> Result<Option<PastOutcome>> {
    store::past_outcome(connection, id, app.provider.name(), provider_message_id).await
}

/// Whether the message with this provider's id, or an edit of it, was taken for an answer.
pub async fn was_an_answer(
    app: &App,
    connection: &mut PgConnection,
    provider_message_id: &str,
) -> Result<bool> {
    store::was_an_answer(connection, app.provider.name(), provider_message_id).await
}

/// Every message about a lead, oldest first.
pub async fn of_lead(connection: &mut PgConnection, lead: LeadId) -> Result<Vec<MessageRow>> {
    store::of_lead(connection, lead).await
}

/// A page of all messages, newest first: at most `limit` before the message `before`, or only those that were not delivered.
/// Fails with `NotFound` if there is no message `before`.
pub async fn recent(
    app: &App,
    only_failed: bool,
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<MessageRow>> {
    let mut connection = app.pool.acquire().await?;
    store::recent(&mut connection, only_failed, before, limit).await
}

/// Deletes a batch of digests of erased messages that no provider delivers again. Returns how many.
pub async fn prune_digests(connection: &mut PgConnection) -> Result<u64> {
    store::delete_old_digests(connection).await
}

/// Deletes a batch of old traces of messages. Returns how many.
pub async fn prune_traces(connection: &mut PgConnection) -> Result<u64> {
    store::delete_old_traces(connection).await
}

/// Settles a batch of sends whose outcome nobody will hear and whose messages are not sent again. Returns how many.
pub async fn settle_left(connection: &mut PgConnection) -> Result<u64> {
    store::settle_left_sends(connection).await
}

/// Deletes a batch of sends that came to nothing this many days ago: during an outage each try is one. Returns how many.
pub async fn prune(connection: &mut PgConnection, days: f64) -> Result<u64> {
    store::delete_old_sends(connection, days).await
}

/// Deletes a batch of messages that are this many days old, with their sends and corrections. Returns how many messages.
pub async fn prune_messages(connection: &mut PgConnection, days: f64) -> Result<u64> {
    store::delete_old_messages(connection, days).await
}

/// Has messages wait again that were given up, because an operator tries their jobs again. A message whose time is over stays
/// failed.
pub async fn requeue_failed(connection: &mut PgConnection, messages: &[MessageId]) -> Result<()> {
    store::requeue_failed(connection, messages).await
}
