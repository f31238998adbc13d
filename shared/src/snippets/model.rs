//! A ready answer.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A ready answer.
#[derive(Clone, Debug)]
pub struct Snippet {
    /// Its id.
    pub id: Uuid,
    /// The word by which agents ask for it, without the slash.
    pub word: String,
    /// The project that it is for; `None`: every project that has none of its own.
    pub project: Option<String>,
    /// The text. `{name}`, `{agent}` and `{project}` are filled in.
    pub body: String,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Snippet {
    /// The text with these values. A word in braces that is no placeholder stays.
    pub(crate) fn filled_in(&self, name: &str, agent: &str, project: &str) -> String {
        [("{name}", name), ("{agent}", agent), ("{project}", project)]
            .into_iter()
            .fold(self.body.clone(), |body, (placeholder, value)| {
                body.replace(placeholder, &crate::texts::one_line(value))
            })
    }
}
