//! Ready answers: an admin writes them, and agents send them to clients from the company's number with `/harga`, or copy
//! them.

mod model;
mod store;

pub use model::Snippet;

use crate::{App, Error, Result};
use sqlx::PgConnection;
use uuid::Uuid;

/// The longest ready answer, in characters: what WhatsApp takes as one text.
const LONGEST: usize = 4096;

/// Every ready answer, by word and project.
pub async fn all(app: &App) -> Result<Vec<Snippet>> {
    let mut connection = app.pool.acquire().await?;
    store::all(&mut connection).await
}

/// Writes a ready answer: a new one, or in place of the one with this word and project.
///
/// Fails with `Invalid` if the word is not 1 to 30 lower-case letters and figures, or the text is empty or longer than
/// 4,096 characters.
pub async fn save(
    app: &App,
    word: &str,
    project: Option<&str>,
    body: &str,
) -> Result<Vec<Snippet>> {
    let word = word.trim().trim_start_matches('/').to_lowercase();
    let is_word = word
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if !is_word || !(1..=30).contains(&word.len()) {
        let reason = "must be 1 to 30 lower-case letters and figures";
        return Err(Error::invalid("word", reason));
    }
    let body = crate::whatsapp::clean(body);
    if body.trim().is_empty() || body.chars().count() > LONGEST {
        let reason = format!("must have 1 to {LONGEST} characters");
        return Err(Error::invalid("body", reason));
    }
    let project = project
        .map(crate::texts::one_line)
        .filter(|project| !project.is_empty());
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    store::save(&mut transaction, &word, project.as_deref(), &body, now).await?;
    transaction.commit().await?;
    all(app).await
}

/// Deletes a ready answer. Fails with `NotFound` if there is none.
pub async fn delete(app: &App, id: Uuid) -> Result<Vec<Snippet>> {
    let mut connection = app.pool.acquire().await?;
    if !store::delete(&mut connection, id).await? {
        return Err(Error::NotFound { what: "snippet" });
    }
    store::all(&mut connection).await
}

/// The ready answer with this word for a project: the project's own, else the one for every project.
pub(crate) async fn find(
    connection: &mut PgConnection,
    word: &str,
    project: Option<&str>,
) -> Result<Option<Snippet>> {
    store::find(connection, word, project).await
}

/// The words that there are, for a project or for every project.
pub(crate) async fn words(
    connection: &mut PgConnection,
    project: Option<&str>,
) -> Result<Vec<String>> {
    store::words(connection, project).await
}
