//! Leads that may be the same person: proposals for a merge, which a person decides.

use super::model::Entry;
use super::store;
use crate::Result;
use crate::leads::Lead;
use sqlx::PgConnection;

/// What two leads have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Similarity {
    /// The same name.
    Name,
    /// Numbers with the same last digits.
    Number,
}

/// Numbers with this many equal last digits can be one number with two country codes.
const SAME_DIGITS: usize = 8;
/// Names that are shorter say too little.
const SHORTEST_NAME: usize = 4;
/// The most candidates that are read.
const MOST_READ: i64 = 50;
/// The most proposals.
const MOST: usize = 10;

pub(super) async fn similar(
    connection: &mut PgConnection,
    lead: &Lead,
) -> Result<Vec<(Entry, Similarity)>> {
    let name = lead.name.as_deref().map(str::trim);
    let name = name.filter(|name| name.chars().count() >= SHORTEST_NAME);
    let digits = lead
        .phone
        .as_ref()
        .and_then(|phone| last_digits(phone.as_str()));
    let texts: Vec<&str> = name.into_iter().chain(digits).collect();
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let found = store::containing(connection, &texts, lead.id, MOST_READ).await?;
    let in_common = |entry: Entry| {
        let other = &entry.lead;
        let other_digits = other
            .phone
            .as_ref()
            .and_then(|phone| last_digits(phone.as_str()));
        let other_name = other
            .name
            .as_deref()
            .unwrap_or_default()
            .trim()
            .to_lowercase();
        if digits.is_some() && other_digits == digits {
            Some((entry, Similarity::Number))
        } else if name.is_some_and(|name| name.to_lowercase() == other_name) {
            Some((entry, Similarity::Name))
        } else {
            None
        }
    };
    Ok(found.into_iter().filter_map(in_common).take(MOST).collect())
}

fn last_digits(phone: &str) -> Option<&str> {
    phone
        .len()
        .checked_sub(SAME_DIGITS)
        .and_then(|from| phone.get(from..))
}
