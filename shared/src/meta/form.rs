//! Lead forms, and leads that were announced.

use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A form of the page.
#[derive(Clone, Debug)]
pub struct Form {
    /// Meta's id.
    pub id: String,
    /// Its page, by Meta's id.
    pub page: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// The project that it is about.
    pub project: Option<String>,
    /// Which question holds what, where its name does not say: `phone`, `name`, `area`, `project`.
    pub fields: BTreeMap<String, String>,
    /// Leads that were made before this have been looked for.
    pub looked_until: Option<DateTime<Utc>>,
    /// How many leads of it are known.
    pub leads: i64,
}

/// What an admin says of a form.
#[derive(Clone, Debug)]
pub struct FormChange {
    /// What people call it.
    pub name: Option<String>,
    /// The project that it is about.
    pub project: Option<String>,
    /// Which question holds what.
    pub fields: BTreeMap<String, String>,
}

/// A lead that was announced, by a webhook or by the list of a form.
pub(super) struct Announced {
    pub(super) id: String,
    pub(super) form: Option<String>,
    pub(super) page: Option<String>,
    pub(super) ad: Option<String>,
    pub(super) made_at: Option<DateTime<Utc>>,
}
