//! What was said, to whom, whether it arrived: `wa_message`, and the outbox in it.
//!
//! To speak is to write a row and a [`SendMessage`] job in the transaction that decided to speak;
//! `distribution::send` carries it out later. The row's unique keys say what is never said twice.

mod address;
mod model;
mod outbox;
mod statuses;
mod store;

pub use address::Address;
pub use model::{
    Correction, Draft, Heard, InboundKind, MessageRow, OutboundKind, PastOutcome, Queued, Short,
};
pub use outbox::{Handed, hand_over};
pub use statuses::{Progress, Reported, Status, report, requeue};

use crate::id::{AttemptId, LeadId, MessageId};
use crate::jobs::{SendMessage, enqueue};
use crate::phone::Phone;
use crate::texts::Text;
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// The longest text that is kept, in characters; WhatsApp's own limit is below it.
const LONGEST: usize = 10_000;

/// What somebody wrote, without what PostgreSQL's text cannot hold, and no longer than is kept.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(LONGEST).collect()
}

/// Decides to say something: the row and its job, in the caller's transaction. `false` if it has
/// been said before, to this recipient about this attempt, cycle or message.
pub async fn say(
    app: &App,
    connection: &mut PgConnection,
    draft: &Draft,
    now: DateTime<Utc>,
) -> Result<bool> {
    let Some(message) = write_out(app, connection, draft, now).await? else {
        return Ok(false);
    };
    enqueue(connection, &SendMessage { message, nth: 0 }, now).await?;
    Ok(true)
}

/// A message that is to try the connection is given up after this time.
const TRIED_FOR: TimeDelta = TimeDelta::minutes(2);

/// Sends somebody a message to try the connection with: these words, or the catalogue's. Returns its row.
pub async fn try_out(app: &App, to: &Phone, words: Option<String>) -> Result<MessageId> {
    let draft = Draft {
        kind: OutboundKind::Test,
        to: to.into(),
        body: words.unwrap_or_else(|| app.texts.render(Text::Test, &[])),
        lead: None,
        cycle: None,
        attempt: None,
        in_reply_to: None,
        short: None,
    };
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let message = write_out(app, &mut transaction, &draft, now).await?;
    let message = message.ok_or(Error::Conflict {
        code: "said_before",
    })?;
    // Nobody is to be surprised by it later.
    expire(&mut transaction, message, now + TRIED_FOR).await?;
    enqueue(&mut transaction, &SendMessage { message, nth: 0 }, now).await?;
    transaction.commit().await?;
    Ok(message)
}

/// Writes an outbound row without a job of its own; `None` if there is one of its kind already.
pub async fn write_out(
    app: &App,
    connection: &mut PgConnection,
    draft: &Draft,
    now: DateTime<Utc>,
) -> Result<Option<MessageId>> {
    let provider = app.provider.name();
    store::insert_out(connection, draft, &app.company_phone, provider, now).await
}

/// Files an inbound message under the time of its receipt. `false` if this provider's message has been filed before.
pub async fn file_in(
    app: &App,
    connection: &mut PgConnection,
    heard: &Heard,
    received_at: DateTime<Utc>,
) -> Result<bool> {
    let provider = app.provider.name();
    let new =
        store::insert_in(connection, heard, &app.company_phone, provider, received_at).await?;
    if new && app.provider.rules().is_some() {
        let at = heard.sent_at.unwrap_or(received_at).min(received_at);
        store::open_window(connection, provider, &heard.from, at).await?;
    }
    Ok(new)
}

/// Writes down what a sender changed of a message afterwards. `false`: it was written down before.
pub async fn correct(
    app: &App,
    connection: &mut PgConnection,
    correction: &Correction,
) -> Result<bool> {
    store::insert_correction(connection, app.provider.name(), correction).await
}

/// Files what an admin wrote to somebody with the phone's own app. `false`: it was filed before.
pub async fn file_echo(
    app: &App,
    connection: &mut PgConnection,
    to: &Address,
    body: &str,
    provider_message_id: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let from = &app.company_phone;
    let provider = app.provider.name();
    store::insert_echo(
        connection,
        provider,
        from,
        to,
        body,
        provider_message_id,
        now,
    )
    .await
}

/// An outbound row that waits to be sent.
pub async fn queued(connection: &mut PgConnection, message: MessageId) -> Result<Option<Queued>> {
    store::queued(connection, message).await
}

/// Records that the provider took a call, with all its messages, in one transaction. Nothing for a
/// provider that has no calls.
pub async fn settle(app: &App, handed: &Handed) -> Result<()> {
    let Some(send) = handed.send else {
        return Ok(());
    };
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let id = &handed.accepted.provider_message_id;
    store::settle_accepted(&mut transaction, send, id, now).await?;
    Ok(transaction.commit().await?)
}

/// Records, in the caller's transaction, that the provider took the message with that call. `false`: it
/// has been put back since, to be sent anew.
pub async fn set_accepted(
    connection: &mut PgConnection,
    message: MessageId,
    handed: &Handed,
    now: DateTime<Utc>,
) -> Result<bool> {
    let id = &handed.accepted.provider_message_id;
    store::set_accepted(connection, message, handed.send, id, now).await
}

/// Nobody is to read the message from then on: it is given up if it still waits.
pub async fn expire(
    connection: &mut PgConnection,
    message: MessageId,
    at: DateTime<Utc>,
) -> Result<()> {
    store::expire(connection, message, at).await
}

/// Records that a message will not be sent, and why.
pub async fn give_up(app: &App, message: MessageId, reason: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    store::set_failed(&mut connection, message, reason).await
}

/// The offer's row of an attempt while it waits to be sent.
pub async fn queued_offer(
    connection: &mut PgConnection,
    attempt: AttemptId,
) -> Result<Option<Queued>> {
    store::queued_offer(connection, attempt).await
}

/// Whether an attempt's offer has been written, and so may be on its way.
pub async fn offer_was_written(connection: &mut PgConnection, attempt: AttemptId) -> Result<bool> {
    store::offer_was_written(connection, attempt).await
}

/// How many answers that helped nobody this number was given since it last took or passed a lead.
pub async fn unhelpful_replies(connection: &mut PgConnection, address: &Address) -> Result<i64> {
    store::unhelpful_replies(connection, address).await
}

/// Puts other words into a row that waits to be sent.
pub async fn rewrite(
    connection: &mut PgConnection,
    message: MessageId,
    draft: &Draft,
) -> Result<()> {
    store::rewrite(connection, message, draft).await
}

/// Whether an attempt's offer was refused for good.
pub async fn offer_failed(connection: &mut PgConnection, attempt: AttemptId) -> Result<bool> {
    store::offer_failed(connection, attempt).await
}

/// The offer that a quoted message of ours made.
pub async fn attempt_of_offer(
    connection: &mut PgConnection,
    provider_message_id: &str,
) -> Result<Option<AttemptId>> {
    store::attempt_of_offer(connection, provider_message_id).await
}

/// What an inbound message was taken to mean: found by our id or by the provider's.
pub async fn past_outcome(
    app: &App,
    connection: &mut PgConnection,
    id: MessageId,
    provider_message_id: Option<&str>,
) -> Result<Option<PastOutcome>> {
    store::past_outcome(connection, id, app.provider.name(), provider_message_id).await
}

/// All that was said about a lead, oldest first.
pub async fn of_lead(connection: &mut PgConnection, lead: LeadId) -> Result<Vec<MessageRow>> {
    store::of_lead(connection, lead).await
}
