//! Lead forms, and leads that were announced.

use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A form of the page.
#[derive(Clone, Debug)]
pub struct Form {
    /// Meta's id.
    pub id: String,
    /// Meta's id of its page.
    pub page: Option<String>,
    /// The name that an admin gave it.
    pub name: Option<String>,
    /// Its project.
    pub project: Option<String>,
    /// The questions that contain `phone`, `name`, `area` and `project`, if their names are not known.
    pub fields: BTreeMap<String, String>,
    /// Leads until this instant have been looked for.
    pub looked_until: Option<DateTime<Utc>>,
    /// How many of its leads are known.
    pub leads: i64,
}

/// An admin's settings of a form.
#[derive(Clone, Debug)]
pub struct FormChange {
    /// The name.
    pub name: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// Which question contains what.
    pub fields: BTreeMap<String, String>,
}

/// A lead that was announced by a webhook or found in the list of a form.
pub(super) struct Announced {
    pub(super) id: String,
    pub(super) form: Option<String>,
    pub(super) page: Option<String>,
    pub(super) ad: Option<String>,
    pub(super) made_at: Option<DateTime<Utc>>,
}
