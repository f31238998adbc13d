//! What an inbound message means.
//!
//! A word is first written down as it was heard, in a transaction of its own, with the time of its
//! receipt ([`receive`]); then acted on in one transaction that also removes that record ([`hear`]).
//! A process that dies between the two loses nothing: a roll of the offer that the word is about
//! acts on it first, and the worker's sweep acts on whatever is left.

use super::model::{Door, Outcome, Report, Word};
use super::store::{self, InboundEvent};
use super::{claim, intake, manager, policy};
use crate::id::{DeliveryId, MessageId};
use crate::whatsapp::{self, Address, Heard, InboundKind};
use crate::{App, Error, Result, sales};
use chrono::TimeDelta;
use sqlx::PgConnection;

/// After so many failures a word is left for a person to look at and holds up nobody.
pub(super) const MOST_FAILURES: i32 = 5;

/// How long a word may wait for the process that received it before the sweep acts on it.
const LEFT_AFTER: TimeDelta = TimeDelta::seconds(5);

/// Takes a word in: [`receive`], then [`hear`].
pub async fn take_word(app: &App, word: &Word) -> Result<Report> {
    let id = receive(app, word).await?;
    match hear(app, id).await {
        // Somebody else heard it meanwhile, and it was one that had been heard before.
        Err(Error::NotFound { .. }) => {
            let mut connection = app.pool.acquire().await?;
            past_report(app, &mut connection, id, word.message_id.as_deref()).await
        }
        heard => heard,
    }
}

/// Writes a word down with the time of its receipt, and returns the id that it is heard by.
///
/// The clock is read under a lock that a roll of the sender's offers takes too: a word whose time is
/// before the deadline is seen by the roll, even while its transaction is still to commit.
pub async fn receive(app: &App, word: &Word) -> Result<MessageId> {
    let mut transaction = app.pool.begin().await?;
    let ids = receive_all(app, &mut transaction, std::slice::from_ref(word), None).await?;
    transaction.commit().await?;
    ids.first().copied().ok_or(Error::NotFound { what: "word" })
}

/// As [`receive`], several that came together, in the caller's transaction, which is to be a short one.
pub async fn receive_all(
    app: &App,
    connection: &mut PgConnection,
    words: &[Word],
    delivery: Option<DeliveryId>,
) -> Result<Vec<MessageId>> {
    store::announce_words(connection, words).await?;
    let received_at = app.clock.now(connection).await?;
    let mut ids = Vec::with_capacity(words.len());
    for word in words {
        let acknowledged_at = policy::acknowledged_at(word.sent_at, received_at);
        let id = MessageId::new();
        store::insert_inbound(connection, id, word, delivery, received_at, acknowledged_at).await?;
        ids.push(id);
    }
    Ok(ids)
}

/// The words of a delivery that are still to be heard, in the order of their own times.
pub async fn words_of(app: &App, delivery: DeliveryId) -> Result<Vec<MessageId>> {
    let mut connection = app.pool.acquire().await?;
    store::inbound_of(&mut connection, delivery, MOST_FAILURES).await
}

/// Gives a word that came under a provider's id the number of its sender, if it is known whose id it is:
/// an agent is an agent under whatever name they write.
pub async fn recognise(connection: &mut PgConnection, word: &mut Word) -> Result<()> {
    let keys = [Some(&word.from), word.also.as_ref()];
    if let Some(phone) = store::known_number(connection, keys).await? {
        let other = std::mem::replace(&mut word.from, Address::from(&phone));
        if word.from != other && word.also.is_none() {
            word.also = Some(other);
        }
    }
    Ok(())
}

/// Decides what a received word means and does it: a client's word begins a cycle, an agent's OK is
/// a claim. Hearing it again, or hearing the same message of the provider again, changes nothing and
/// reports what came of it the first time.
pub async fn hear(app: &App, id: MessageId) -> Result<Report> {
    let heard = hear_once(app, id).await;
    if let Err(error) = &heard
        && is_fault_of_the_word(error)
    {
        let mut connection = app.pool.acquire().await?;
        store::count_failure(&mut connection, id).await?;
    }
    heard
}

/// Whether hearing the word again would fail again, as opposed to the database's state of the moment.
fn is_fault_of_the_word(error: &Error) -> bool {
    match error {
        Error::NotFound { .. } | Error::Unavailable { .. } => false,
        Error::Database(sqlx::Error::Database(refusal)) => {
            // Deadlock and serialization, resources, operator's intervention, system error, lock timeout.
            let moment = ["40", "53", "57", "58", "55P03", "25P03"];
            !refusal
                .code()
                .is_some_and(|code| moment.iter().any(|class| code.starts_with(class)))
        }
        Error::Database(error) => matches!(
            error,
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
        ),
        _ => true,
    }
}

async fn hear_once(app: &App, id: MessageId) -> Result<Report> {
    let mut transaction = app.pool.begin().await?;
    let Some(event) = store::take_inbound(&mut transaction, id).await? else {
        return past_report(app, &mut transaction, id, None).await;
    };
    let report =
        match sales::by_address(&mut transaction, &event.word.from, event.word.also.as_ref())
            .await?
        {
            // A manager may be an agent, too.
            Some(_) if manages(app, &mut transaction, &event).await? => {
                manager::manager_speaks(app, &mut transaction, &event).await?
            }
            Some(agent) => {
                if let Some(key) = &event.word.also {
                    sales::link(&mut transaction, &agent.id, key, event.received_at).await?;
                }
                claim::agent_speaks(app, &mut transaction, &event, &agent).await?
            }
            None if store::is_manager(&mut transaction, &event.word.from).await? => {
                manager::manager_speaks(app, &mut transaction, &event).await?
            }
            None if event.word.door == Door::Chat => {
                intake::client_speaks(app, &mut transaction, &event).await?
            }
            None => stranger_speaks(app, &mut transaction, &event).await?,
        };
    let Some(report) = report else {
        transaction.rollback().await?;
        return forget_duplicate(app, &event).await;
    };
    transaction.commit().await?;
    tracing::info!(
        message_id = %id,
        outcome = report.outcome.as_str(),
        lead = report.lead.map(tracing::field::display),
        attempt = report.attempt.map(tracing::field::display),
        "distribution.heard"
    );
    Ok(report)
}

/// Whether this agent gives somebody a lead, as a manager.
async fn manages(app: &App, connection: &mut PgConnection, event: &InboundEvent) -> Result<bool> {
    Ok(app.lexicon.read_assignment(&event.word.body).is_some()
        && store::is_manager(connection, &event.word.from).await?)
}

/// Acts on the words that their own process did not live to act on. Returns how many.
pub async fn hear_what_was_left(app: &App) -> Result<usize> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let left = store::inbound_before(&mut connection, now - LEFT_AFTER, MOST_FAILURES).await?;
    drop(connection);
    for id in &left {
        if let Err(error) = hear(app, *id).await {
            tracing::error!(message_id = %id, %error, "distribution.unheard");
        }
    }
    Ok(left.len())
}

/// Whether this provider's message has been filed already. Call with the locks held that the
/// message's effect needs.
pub(super) async fn was_heard_before(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
) -> Result<bool> {
    let provider_id = event.word.message_id.as_deref();
    let past = whatsapp::past_outcome(app, connection, event.id, provider_id).await?;
    Ok(past.is_some())
}

/// Somebody who is no agent answered an offer that they cannot have had.
async fn stranger_speaks(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
) -> Result<Option<Report>> {
    let heard = event.heard_as(InboundKind::Stranger, Outcome::UnknownAgent);
    let new = whatsapp::file_in(app, connection, &heard, event.received_at).await?;
    Ok(new.then_some(Report {
        outcome: Outcome::UnknownAgent,
        duplicate: false,
        message: Some(event.id),
        lead: None,
        attempt: None,
    }))
}

async fn forget_duplicate(app: &App, event: &InboundEvent) -> Result<Report> {
    let mut transaction = app.pool.begin().await?;
    store::take_inbound(&mut transaction, event.id).await?;
    let provider_id = event.word.message_id.as_deref();
    let report = past_report(app, &mut transaction, event.id, provider_id).await?;
    transaction.commit().await?;
    Ok(report)
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

impl InboundEvent {
    /// Whether it came so late that nothing follows from it any more (Meta delivers for up to a week).
    pub(super) fn is_stale(&self, app: &App) -> bool {
        let Some(rules) = app.provider.rules() else {
            return false;
        };
        let most = TimeDelta::from_std(rules.stale_after).unwrap_or(TimeDelta::MAX);
        self.word
            .sent_at
            .is_some_and(|sent_at| self.received_at - sent_at > most)
    }

    /// The row that files this event: who spoke and what it was taken to mean.
    pub(super) fn heard_as(&self, kind: InboundKind, outcome: Outcome) -> Heard {
        Heard {
            id: self.id,
            kind,
            from: self.word.from.clone(),
            body: self.word.body.clone(),
            outcome: outcome.as_str(),
            provider_message_id: self.word.message_id.clone(),
            sent_at: self.word.sent_at,
            lead: None,
            cycle: None,
            attempt: None,
        }
    }
}
