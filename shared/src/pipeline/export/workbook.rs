//! An export as an Excel workbook.

use super::cells::Cell;
use super::columns::COLUMNS;
use crate::local_time::Timezone;
use crate::{Error, Result};
use rust_xlsxwriter::{Format, Worksheet, XlsxError};

/// How Excel shows an instant.
const TIME: &str = "yyyy-mm-dd hh:mm:ss";

/// A workbook with one sheet. Its lines are written to a temporary file, so that the memory does not grow with them.
pub(super) struct Workbook {
    file: rust_xlsxwriter::Workbook,
    time: Format,
    zone: Timezone,
    next_row: u32,
}

impl Workbook {
    /// A workbook with the line of headings.
    pub(super) fn begin(headings: &[&str; COLUMNS.len()], zone: Timezone) -> Result<Self> {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook
            .add_worksheet_with_constant_memory()
            .map_err(unwritten)?;
        let bold = Format::new().set_bold();
        let begun = sheet.set_freeze_panes(1, 0).and_then(|sheet| {
            for (column, heading) in (0..).zip(headings) {
                sheet.set_column_width(column, 18)?;
                sheet.write_with_format(0, column, *heading, &bold)?;
            }
            Ok(())
        });
        begun.map_err(unwritten)?;
        Ok(Self {
            file: workbook,
            time: Format::new().set_num_format(TIME),
            zone,
            next_row: 1,
        })
    }

    /// Adds the lines of some leads.
    pub(super) fn add(&mut self, leads: &[[Cell; COLUMNS.len()]]) -> Result<()> {
        for lead in leads {
            let row = self.next_row;
            let sheet = self.file.worksheet_from_index(0).map_err(unwritten)?;
            for (column, cell) in (0..).zip(lead) {
                write(sheet, (row, column), cell, (&self.time, self.zone)).map_err(unwritten)?;
            }
            self.next_row += 1;
        }
        Ok(())
    }

    /// The file.
    pub(super) fn finish(mut self) -> Result<Vec<u8>> {
        self.file.save_to_buffer().map_err(unwritten)
    }
}

/// A text is written as a text, so that Excel takes none for a formula or a number.
fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    (time, zone): (&Format, Timezone),
) -> std::result::Result<(), XlsxError> {
    match cell {
        Cell::Text(text) if text.is_empty() => return Ok(()),
        Cell::Text(text) => sheet.write_string(row, column, text)?,
        Cell::Time(instant) => {
            let local = zone.local(*instant).naive_local();
            sheet.write_datetime_with_format(row, column, local, time)?
        }
        #[allow(clippy::cast_precision_loss, reason = "a count of visits")]
        Cell::Count(count) => sheet.write_number(row, column, *count as f64)?,
    };
    Ok(())
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unwritten(error: XlsxError) -> Error {
    Error::invalid("xlsx", error.to_string())
}
