//! Deliveries: stored first, then acted on.

use super::envelope::{self, Delivered};
use super::{leads, store};
use crate::id::DeliveryId;
use crate::jobs::{HandleDelivery, enqueue};
use crate::{App, Error, Result, distribution, whatsapp};

/// What a delivery is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// WhatsApp messages and statuses.
    WhatsApp,
    /// Leads of forms.
    Leads,
}

impl Source {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
            Self::Leads => "leads",
        }
    }

    fn parse(word: &str) -> Self {
        if word == "leads" {
            Self::Leads
        } else {
            Self::WhatsApp
        }
    }
}

/// Stores an authentic delivery as it came, with the words in it and the job that acts on the rest, in
/// one transaction. Whatever it holds: what cannot be read is kept for a person.
pub async fn take_delivery(app: &App, source: Source, body: &[u8]) -> Result<DeliveryId> {
    let mut delivered = match source {
        Source::WhatsApp => read(app, body),
        Source::Leads => Delivered::default(),
    };
    let id = DeliveryId::new();
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    store::insert_delivery(&mut transaction, id, source.as_str(), body, now).await?;
    for word in &mut delivered.words {
        distribution::recognise(&mut transaction, word).await?;
    }
    if !delivered.words.is_empty() {
        distribution::receive_all(app, &mut transaction, &delivered.words, Some(id)).await?;
    }
    enqueue(&mut transaction, &HandleDelivery { delivery: id }, now).await?;
    transaction.commit().await?;
    tracing::info!(delivery = %id, source = source.as_str(), words = delivered.words.len(), "meta.delivered");
    Ok(id)
}

fn read(app: &App, body: &[u8]) -> Delivered {
    let ours = app
        .meta
        .as_ref()
        .and_then(|meta| meta.phone_number_id.as_deref());
    envelope::read(body, ours)
}

/// Acts on a delivery, each part in a transaction of its own that repeating does not change. A part
/// that fails does not keep the others; the job comes again for it.
pub async fn handle_delivery(app: &App, id: DeliveryId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let Some((source, body)) = store::waiting_delivery(&mut connection, id).await? else {
        return Ok(());
    };
    drop(connection);
    let failed = match Source::parse(&source) {
        Source::WhatsApp => handle_whatsapp(app, id, &read(app, &body)).await,
        Source::Leads => leads::hear(app, &body).await.err(),
    };
    if let Some(error) = failed {
        return Err(again(error));
    }
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::set_handled(&mut connection, id, now).await
}

/// A row that vanished meanwhile (two leads became one) is there under another name the next time: no
/// reason to take what failed for done.
pub(super) fn again(error: Error) -> Error {
    match error {
        Error::NotFound { what } => Error::Unavailable {
            provider: "database",
            retry_after: None,
            reason: format!("the {what} is another's now"),
        },
        error => error,
    }
}

/// Does what a delivery says; returns the first failure.
async fn handle_whatsapp(app: &App, id: DeliveryId, delivered: &Delivered) -> Option<Error> {
    let mut failed = None;
    let mut note = |result: Result<()>| {
        if let Err(error) = result {
            tracing::warn!(delivery = %id, %error, "meta.part_failed");
            failed.get_or_insert(error);
        }
    };
    for code in &delivered.troubles {
        tracing::error!(
            code,
            "meta.trouble: Meta tells of an error beside any message"
        );
    }
    if delivered.nameless > 0 {
        tracing::warn!(
            messages = delivered.nameless,
            "meta.nameless: nobody can be told to have written them"
        );
    }
    note(count_incoming(app, delivered).await);
    for (old, new) in &delivered.numbers {
        note(distribution::change_number(app, old, new).await);
    }
    for status in &delivered.statuses {
        note(distribution::report(app, status).await);
    }
    match distribution::words_of(app, id).await {
        Ok(words) => {
            for word in words {
                match distribution::hear(app, word).await {
                    // Somebody else heard it meanwhile.
                    Ok(_) | Err(Error::NotFound { .. }) => {}
                    Err(error) => note(Err(error)),
                }
            }
        }
        Err(error) => note(Err(error)),
    }
    note(file_the_rest(app, delivered).await);
    failed
}

/// What comes in counts in the number's bucket, too.
async fn count_incoming(app: &App, delivered: &Delivered) -> Result<()> {
    let Some(rules) = app.provider.rules() else {
        return Ok(());
    };
    let incoming = delivered.words.len() + delivered.corrections.len();
    if incoming == 0 {
        return Ok(());
    }
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let (provider, rate) = (app.provider.name(), rules.messages_per_second);
    store::count_incoming(&mut connection, provider, incoming, rate, now).await
}

/// Corrections and echoes: rows, and no more.
async fn file_the_rest(app: &App, delivered: &Delivered) -> Result<()> {
    if delivered.corrections.is_empty() && delivered.echoes.is_empty() {
        return Ok(());
    }
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    for correction in &delivered.corrections {
        whatsapp::correct(app, &mut transaction, correction).await?;
    }
    for echo in &delivered.echoes {
        let at = echo.at.map_or(now, |at| at.min(now));
        whatsapp::file_echo(app, &mut transaction, &echo.to, &echo.body, &echo.id, at).await?;
    }
    Ok(transaction.commit().await?)
}

/// Keeps a delivery that cannot be acted on for a person to look at.
pub async fn give_up_delivery(app: &App, id: DeliveryId, reason: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    store::set_failure(&mut connection, id, reason).await
}
