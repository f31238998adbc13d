//! Webhook deliveries: stored first, then handled by a job.

use super::envelope::{self, Delivered, Ours};
use super::unread::record::record;
use super::{account, leads, store};
use crate::id::DeliveryId;
use crate::jobs::{HandleDelivery, enqueue};
use crate::{App, Error, Result, distribution, whatsapp};
use sqlx::PgConnection;

/// The subject of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// WhatsApp messages and statuses.
    WhatsApp,
    /// Leads of forms.
    Leads,
}

impl Source {
    /// The value in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
            Self::Leads => "leads",
        }
    }

    pub(super) fn parse(word: &str) -> Self {
        if word == "leads" {
            Self::Leads
        } else {
            Self::WhatsApp
        }
    }
}

/// Stores an authentic delivery as it came, with the messages in it and the job that handles the rest,
/// in one transaction. A delivery that cannot be read is stored, too, for a person.
pub async fn take_delivery(app: &App, source: Source, body: &[u8]) -> Result<DeliveryId> {
    let delivered = match source {
        Source::WhatsApp => read(app, body),
        Source::Leads => Delivered::default(),
    };
    let messages = delivered.messages.len();
    let id = DeliveryId::new();
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    store::insert_delivery(&mut transaction, id, source.as_str(), body, now).await?;
    receive(app, &mut transaction, id, delivered).await?;
    enqueue(&mut transaction, &HandleDelivery { delivery: id }, now).await?;
    transaction.commit().await?;
    tracing::info!(delivery = %id, source = source.as_str(), messages, "meta.delivered");
    Ok(id)
}

/// Receives the messages and the edits of a delivery.
pub(super) async fn receive(
    app: &App,
    connection: &mut PgConnection,
    id: DeliveryId,
    delivered: Delivered,
) -> Result<()> {
    let mut messages: Vec<_> = delivered
        .messages
        .into_iter()
        .map(|(_, message)| message)
        .collect();
    for message in &mut messages {
        distribution::recognise(connection, message).await?;
    }
    if !messages.is_empty() {
        distribution::receive_all(app, connection, &messages, Some(id)).await?;
    }
    for (from, correction) in &delivered.corrections {
        if let Some(from) = from {
            distribution::receive_edit(app, connection, from, correction, Some(id)).await?;
        }
    }
    Ok(())
}

/// Reads a delivery of WhatsApp with the present settings.
pub(super) fn read(app: &App, body: &[u8]) -> Delivered {
    let phone_number_id = app
        .meta
        .as_ref()
        .and_then(|meta| meta.phone_number_id.as_deref());
    let phone = &app.company_phone;
    envelope::read(
        body,
        Ours {
            phone_number_id,
            phone,
        },
    )
}

/// Handles a delivery, each part in its own transaction, which can be repeated. A part that fails does not
/// stop the other parts. The job then runs again.
pub async fn handle_delivery(app: &App, id: DeliveryId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let Some((source, body)) = store::waiting_delivery(&mut connection, id).await? else {
        return Ok(());
    };
    drop(connection);
    match Source::parse(&source) {
        Source::WhatsApp => handle_whatsapp(app, id, &read(app, &body)).await?,
        Source::Leads => {
            let unread = leads::record_announced(app, &body).await?;
            record(app, id, &unread).await?;
        }
    }
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::set_handled(&mut connection, id, now).await
}

/// Handles every part of a delivery. Returns the first failure.
async fn handle_whatsapp(app: &App, id: DeliveryId, delivered: &Delivered) -> Result<()> {
    let mut failed = None;
    let mut note = |result: Result<()>| {
        if let Err(error) = result {
            tracing::warn!(delivery = %id, %error, "meta.part_failed");
            failed.get_or_insert(error);
        }
    };
    for code in &delivered.errors {
        tracing::error!(
            code,
            "meta.error: Meta reports an error that is about no message"
        );
    }
    note(record(app, id, &delivered.unread).await);
    for event in &delivered.events {
        note(account::record(app, id, event).await);
    }
    note(count_incoming(app, delivered).await);
    for (old, new) in &delivered.numbers {
        note(distribution::change_number(app, old, new).await);
    }
    for status in &delivered.statuses {
        note(distribution::apply_status(app, status).await);
    }
    match distribution::unhandled_messages_of(app, id).await {
        Ok(messages) => {
            for message in messages {
                match distribution::handle(app, message).await {
                    // Another process handled it in the meantime.
                    Ok(_) | Err(Error::NotFound { .. }) => {}
                    Err(error) => note(Err(error)),
                }
            }
        }
        Err(error) => note(Err(error)),
    }
    note(store_the_rest(app, delivered).await);
    failed.map_or(Ok(()), Err)
}

/// Counts the incoming messages against our number's rate limit. Meta counts both directions.
async fn count_incoming(app: &App, delivered: &Delivered) -> Result<()> {
    let Some(rules) = app.provider.rules() else {
        return Ok(());
    };
    let incoming = delivered.messages.len() + delivered.corrections.len();
    if incoming == 0 {
        return Ok(());
    }
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let (provider, rate) = (app.provider.name(), rules.messages_per_second);
    store::count_incoming(&mut connection, provider, incoming, rate, now).await
}

/// Stores corrections and echoes. Nothing else follows from them here.
async fn store_the_rest(app: &App, delivered: &Delivered) -> Result<()> {
    if delivered.corrections.is_empty() && delivered.echoes.is_empty() {
        return Ok(());
    }
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    for (_, correction) in &delivered.corrections {
        whatsapp::store_correction(app, &mut transaction, correction).await?;
    }
    for echo in &delivered.echoes {
        let at = echo.at.min(now);
        let echo = whatsapp::Echo { at, ..echo.clone() };
        whatsapp::store_echo(app, &mut transaction, &echo).await?;
    }
    Ok(transaction.commit().await?)
}

/// Stores why a delivery could not be handled, for a person.
pub async fn give_up_delivery(app: &App, id: DeliveryId, reason: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    store::set_failure(&mut connection, id, reason).await
}

/// Deletes a batch of deliveries that were handled this many days ago and of which no part is unread. Returns how many.
pub async fn prune(connection: &mut PgConnection, days: f64) -> Result<u64> {
    store::delete_old_deliveries(connection, days).await
}

/// Deletes a batch of forms' leads that were taken this many days ago, and of outcomes that were reported. Returns how many.
pub async fn prune_forms(connection: &mut PgConnection, days: f64) -> Result<u64> {
    store::delete_old_forms(connection, days).await
}
