//! The cells of a lead in an export.

use super::columns::COLUMNS;
use super::labels::Words;
use crate::phone::Phone;
use crate::pipeline::model::Entry;
use crate::pipeline::store::More;
use chrono::{DateTime, Utc};

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// A text; empty for what is not known.
    Text(String),
    /// An instant.
    Time(DateTime<Utc>),
    /// A count.
    Count(i64),
}

/// The cells of a lead.
pub(super) fn of(entry: &Entry, more: &More, words: &Words) -> [Cell; COLUMNS.len()] {
    let Entry { lead, .. } = entry;
    let text = |text: Option<&str>| Cell::Text(text.unwrap_or_default().to_owned());
    let layer2 = entry.layer2.as_ref();
    let reason = layer2.and_then(|layer2| layer2.reason.as_deref());
    [
        Cell::Text(lead.id.to_string()),
        text(lead.name.as_deref()),
        text(lead.phone.as_ref().map(Phone::as_str)),
        Cell::Text(words.status(lead.status)),
        Cell::Text(words.progress(lead.progress)),
        text(lead.owner.as_ref().map(|owner| owner.0.as_str())),
        text(entry.owner_name.as_deref()),
        text(layer2.map(|layer2| words.layer2(&layer2.status))),
        text(reason.map(|reason| words.reason(reason))),
        text(layer2.and_then(|layer2| layer2.note.as_deref())),
        text(lead.source_ads.as_deref()),
        text(lead.project.as_deref()),
        text(lead.area.as_deref()),
        Cell::Time(lead.created_at),
        Cell::Time(entry.updated_at),
        lead.locked_at.map_or(Cell::Text(String::new()), Cell::Time),
        text(more.campaign.as_deref()),
        Cell::Count(more.visits),
    ]
}

/// Prevents that a spreadsheet runs a client's text as a formula (OWASP, CSV injection): at the start of
/// the text, and where a spreadsheet with another separator would start a cell.
pub(super) fn no_formula(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for c in text.chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@') {
            safe.push('\'');
        }
        begins = match c {
            ';' | ',' | '\t' | '\r' | '\n' => true,
            ' ' | '"' => begins,
            _ => false,
        };
        safe.push(c);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::no_formula;

    #[test]
    fn a_name_that_is_a_formula_is_only_a_name() {
        assert_eq!(no_formula("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(no_formula("x; =1+1"), "x; '=1+1");
        assert_eq!(no_formula("x\n\"-1"), "x\n\"'-1");
        assert_eq!(no_formula("Budi, S.H. - BSD"), "Budi, S.H. - BSD");
    }
}
