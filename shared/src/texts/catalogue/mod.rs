//! The texts, by who reads them.

mod agents;
mod clients;
mod managers;
mod work;

use super::text::Text;

/// The default of a text, and the placeholders that it can have.
pub(super) struct Entry {
    pub(super) text: Text,
    pub(super) variable: &'static str,
    pub(super) default: &'static str,
    pub(super) placeholders: &'static [&'static str],
}

/// Every text, in one order.
pub(super) fn entries() -> impl Iterator<Item = &'static Entry> {
    [agents::TEXTS, clients::TEXTS, managers::TEXTS, work::TEXTS]
        .into_iter()
        .flatten()
}
