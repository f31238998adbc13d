//! An export as CSV (RFC 4180).

use super::cells::{Cell, no_formula};
use super::columns::COLUMNS;
use crate::local_time::Timezone;
use crate::{Error, Result};

/// Spreadsheets read a file without this mark in the encoding of the computer (RFC 3629, 6).
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What stands between two cells. Excel with Indonesian settings expects a semicolon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separator {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
}

impl Separator {
    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

/// The mark and the line of headings.
pub(super) fn beginning(headings: &[&str; COLUMNS.len()], separator: Separator) -> Result<Vec<u8>> {
    let mut file = BYTE_ORDER_MARK.as_bytes().to_vec();
    file.extend(written(separator, |csv| csv.write_record(headings))?);
    Ok(file)
}

/// The lines of some leads.
pub(super) fn lines(
    leads: &[[Cell; COLUMNS.len()]],
    separator: Separator,
    zone: Timezone,
) -> Result<Vec<u8>> {
    written(separator, |csv| {
        leads.iter().try_for_each(|lead| {
            // A number gets an apostrophe, as any text that begins like a formula: a spreadsheet would make `6.28E+12`
            // of it.
            csv.write_record(lead.iter().map(|cell| match cell {
                Cell::Text(text) => no_formula(text),
                Cell::Time(instant) => zone.local(*instant).to_rfc3339(),
                Cell::Count(count) => count.to_string(),
            }))
        })
    })
}

fn written(
    separator: Separator,
    write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>,
) -> Result<Vec<u8>> {
    let mut csv = csv::WriterBuilder::new()
        .delimiter(separator.byte())
        .from_writer(Vec::new());
    let unwritten = |reason: String| Error::invalid("csv", reason);
    write(&mut csv).map_err(|error| unwritten(error.to_string()))?;
    csv.into_inner()
        .map_err(|error| unwritten(error.to_string()))
}
