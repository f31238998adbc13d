//! Exports leads as CSV, page by page: the memory grows only by the id of each lead.

use super::model::{Cursor, Entry, Filter, PageRequest, Sort};
use super::store;
use crate::auth::{Role, User};
use crate::id::{LeadId, UserId};
use crate::leads::LeadStatus;
use crate::local_time::Timezone;
use crate::{App, Error, Result};
use chrono::{DateTime, Utc};
use futures::stream::{self, Stream};
use std::collections::HashSet;

/// How many leads one page has.
const PAGE: i64 = 1000;

const BYTE_ORDER_MARK: &str = "\u{feff}";

const COLUMNS: [&str; 15] = [
    "id",
    "name",
    "phone",
    "status",
    "progress",
    "ownerId",
    "ownerName",
    "layer2Status",
    "rejectedReason",
    "layer2Note",
    "sourceAds",
    "project",
    "area",
    "createdAt",
    "updatedAt",
];

/// How far an export is.
struct Place {
    app: App,
    scope: Option<UserId>,
    request: PageRequest,
    /// The leads that were written. A merge can make a lead older, so that it comes again.
    written: HashSet<LeadId>,
}

/// The leads that a user can see and that match the filter, newest first, as pieces of CSV (RFC 4180).
/// Each page is read when the client asks for it. A lead that changes during the export appears once.
///
/// Also returns how many leads match now, so that a client can show what is left.
pub async fn export(
    app: &App,
    viewer: &User,
    filter: Filter,
) -> Result<(i64, impl Stream<Item = Result<Vec<u8>>> + Send + 'static)> {
    let scope = (viewer.role != Role::Admin).then(|| viewer.id.clone());
    let mut connection = app.pool.acquire().await?;
    let statuses = filter.status.clone();
    let counts = store::counts(&mut connection, scope.as_ref(), &filter).await?;
    drop(connection);
    let wanted = |status: &LeadStatus| statuses.is_empty() || statuses.contains(status);
    let total = counts
        .iter()
        .filter(|(status, _)| wanted(status))
        .map(|(_, count)| count)
        .sum();
    let mut place = Place {
        app: app.clone(),
        scope,
        request: PageRequest {
            filter,
            sort: Sort::Newest,
            limit: PAGE,
            after: None,
        },
        written: HashSet::new(),
    };
    // Spreadsheets read a file without this mark in the encoding of the computer (RFC 3629, 6).
    let mut first = BYTE_ORDER_MARK.as_bytes().to_vec();
    first.extend(written(|csv| csv.write_record(COLUMNS))?);
    let (lines, more) = place.next_page().await?;
    first.extend(lines);
    let rest = stream::try_unfold((place, more), |(mut place, more)| async move {
        if !more {
            return Ok(None);
        }
        let (lines, more) = place.next_page().await?;
        Ok(Some((lines, (place, more))))
    });
    let pieces = stream::StreamExt::chain(stream::once(async { Ok(first) }), rest);
    Ok((total, pieces))
}

impl Place {
    /// The lines of the next page, and whether there can be more.
    async fn next_page(&mut self) -> Result<(Vec<u8>, bool)> {
        let mut connection = self.app.pool.acquire().await?;
        let mut entries = store::page(&mut connection, self.scope.as_ref(), &self.request).await?;
        drop(connection);
        let more = entries.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
        if more {
            entries.pop();
        }
        self.request.after = entries.last().map(|entry| Cursor {
            created_at: entry.lead.created_at,
            id: entry.lead.id,
        });
        entries.retain(|entry| self.written.insert(entry.lead.id));
        let zone = self.app.timezone;
        let lines = written(|csv| {
            entries
                .iter()
                .try_for_each(|entry| csv.write_record(cells(entry, zone)))
        })?;
        Ok((lines, more))
    }
}

fn written(write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let unwritten = |reason: String| Error::invalid("csv", reason);
    write(&mut csv).map_err(|error| unwritten(error.to_string()))?;
    csv.into_inner()
        .map_err(|error| unwritten(error.to_string()))
}

fn cells(entry: &Entry, zone: Timezone) -> [String; COLUMNS.len()] {
    let Entry { lead, .. } = entry;
    let typed = |text: Option<&String>| text.map_or_else(String::new, |text| no_formula(text));
    let time = |instant: DateTime<Utc>| zone.local(instant).to_rfc3339();
    let layer2 = entry.layer2.as_ref();
    [
        lead.id.to_string(),
        typed(lead.name.as_ref()),
        // With an apostrophe, as any text that begins like a formula: a spreadsheet would make `6.28E+12` of it.
        lead.phone
            .as_ref()
            .map_or_else(String::new, |phone| no_formula(phone.as_str())),
        lead.status.as_str().to_owned(),
        lead.progress.as_str().to_owned(),
        typed(lead.owner.as_ref().map(|owner| &owner.0)),
        typed(entry.owner_name.as_ref()),
        typed(layer2.map(|layer2| &layer2.status)),
        typed(layer2.and_then(|layer2| layer2.reason.as_ref())),
        typed(layer2.and_then(|layer2| layer2.note.as_ref())),
        typed(lead.source_ads.as_ref()),
        typed(lead.project.as_ref()),
        typed(lead.area.as_ref()),
        time(lead.created_at),
        time(entry.updated_at),
    ]
}

/// Prevents that a spreadsheet runs a client's text as a formula (OWASP, CSV injection): at the start of
/// the text, and where a spreadsheet with another separator would start a cell.
fn no_formula(text: &str) -> String {
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
