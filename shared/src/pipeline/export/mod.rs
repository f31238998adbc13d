//! Exports leads as a table, page by page: as CSV the memory grows only by the id of each lead.

mod cells;
mod columns;
mod csv_file;
mod labels;
mod workbook;

use cells::Cell;
pub use csv_file::Separator;
pub use labels::Labels;

use super::model::{Cursor, Entry, Filter, PageRequest, Sort};
use super::store;
use crate::auth::{Role, User};
use crate::id::{LeadId, UserId};
use crate::leads::LeadStatus;
use crate::{App, Error, Result};
use columns::COLUMNS;
use futures::stream::{self, Stream};
use labels::Words;
use std::collections::HashSet;

/// How many leads one page has.
const PAGE: i64 = 1000;
/// The rows of a sheet, without the line of headings (Microsoft, "Excel specifications and limits").
const MOST_ROWS: i64 = 1_048_575;

/// How an export is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// Between the cells of a CSV.
    pub separator: Separator,
    /// In whose words headings and statuses are.
    pub labels: Labels,
}

/// How far an export is.
struct Export {
    app: App,
    words: Words,
    scope: Option<UserId>,
    request: PageRequest,
    /// The leads that were written. A merge can make a lead older, so that it comes again.
    written: HashSet<LeadId>,
}

/// A page of an export: its lines, and whether there can be more.
type Lines = (Vec<[Cell; COLUMNS.len()]>, bool);

/// The leads that a user can see and that match the filter, newest first, as pieces of CSV (RFC 4180).
/// Each page is read when the client asks for it. A lead that changes during the export appears once.
///
/// Also returns how many leads match now, so that a client can show what is left.
pub async fn export(
    app: &App,
    viewer: &User,
    filter: Filter,
    layout: Layout,
) -> Result<(i64, impl Stream<Item = Result<Vec<u8>>> + Send + 'static)> {
    let (total, mut export) = start(app, viewer, filter, layout).await?;
    let zone = app.timezone;
    let separator = layout.separator;
    let mut first = csv_file::beginning(&export.words.headings(), separator)?;
    let (lines, more) = export.next_page().await?;
    first.extend(csv_file::lines(&lines, separator, zone)?);
    let rest = stream::try_unfold((export, more), move |(mut export, more)| async move {
        if !more {
            return Ok(None);
        }
        let (lines, more) = export.next_page().await?;
        let piece = csv_file::lines(&lines, separator, zone)?;
        Ok(Some((piece, (export, more))))
    });
    let pieces = stream::StreamExt::chain(stream::once(async { Ok(first) }), rest);
    Ok((total, pieces))
}

/// The same leads as an Excel workbook (Office Open XML). Fails with `Invalid` if they are more
/// than a sheet has rows.
pub async fn export_workbook(
    app: &App,
    viewer: &User,
    filter: Filter,
    labels: Labels,
) -> Result<Vec<u8>> {
    let layout = Layout {
        labels,
        ..Layout::default()
    };
    let (total, mut export) = start(app, viewer, filter, layout).await?;
    if total > MOST_ROWS {
        let reason = format!(
            "are {total}, and a sheet has {MOST_ROWS} rows: narrow the filter, or take CSV"
        );
        return Err(Error::invalid("leads", reason));
    }
    let mut workbook = workbook::Workbook::begin(&export.words.headings(), app.timezone)?;
    loop {
        let (lines, more) = export.next_page().await?;
        workbook.add(&lines)?;
        if !more {
            return workbook.finish();
        }
    }
}

async fn start(app: &App, viewer: &User, filter: Filter, layout: Layout) -> Result<(i64, Export)> {
    filter.check()?;
    let scope = (viewer.role != Role::Admin).then(|| viewer.id.clone());
    let mut connection = app.pool.acquire().await?;
    let counts = store::counts(&mut connection, scope.as_ref(), &filter).await?;
    let words = Words::read(&mut connection, layout.labels).await?;
    drop(connection);
    let wanted = |status: &LeadStatus| filter.status.is_empty() || filter.status.contains(status);
    let total = counts
        .iter()
        .filter(|(status, _)| wanted(status))
        .map(|(_, count)| count)
        .sum();
    let export = Export {
        app: app.clone(),
        words,
        scope,
        request: PageRequest {
            filter,
            sort: Sort::Newest,
            limit: PAGE,
            after: None,
        },
        written: HashSet::new(),
    };
    Ok((total, export))
}

impl Export {
    /// The lines of the next page, and whether there can be more.
    async fn next_page(&mut self) -> Result<Lines> {
        let mut connection = self.app.pool.acquire().await?;
        let mut entries = store::page(&mut connection, self.scope.as_ref(), &self.request).await?;
        let more = entries.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
        if more {
            entries.pop();
        }
        self.request.after = entries.last().map(|entry| Cursor {
            created_at: entry.lead.created_at,
            id: entry.lead.id,
        });
        entries.retain(|entry| self.written.insert(entry.lead.id));
        let ids: Vec<LeadId> = entries.iter().map(|entry: &Entry| entry.lead.id).collect();
        let mut more_of = store::more_of(&mut connection, &ids).await?;
        let lines = entries
            .iter()
            .map(|entry| {
                let more = more_of.remove(&entry.lead.id).unwrap_or_default();
                cells::of(entry, &more, &self.words)
            })
            .collect();
        Ok((lines, more))
    }
}
