//! Reads a file of leads: CSV with any usual separator, or XLSX. The first line names the columns.

use super::model::{FileRow, MOST_ROWS};
use crate::{Error, Result};
use calamine::{Data, Reader, Xlsx};
use std::io::Cursor;

/// How a zip archive, and so a workbook, begins (PKWARE, APPNOTE 4.3.7).
const ZIP: &[u8] = b"PK\x03\x04";

/// A column that a list can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Owner,
    Phone,
    Name,
    Source,
    Project,
    Note,
}

/// The words of a heading that name a column. An earlier column wins: "Nama Sales" is the agent.
const WORDS: &[(Column, &[&str])] = &[
    (
        Column::Owner,
        &["sales", "agen", "agent", "owner", "pemilik", "marketing"],
    ),
    (
        Column::Phone,
        &[
            "nomor",
            "no",
            "hp",
            "wa",
            "whatsapp",
            "telepon",
            "telp",
            "phone",
            "mobile",
            "handphone",
            "number",
        ],
    ),
    (
        Column::Name,
        &["nama", "name", "client", "klien", "konsumen", "customer"],
    ),
    (Column::Source, &["sumber", "source", "asal"]),
    (Column::Project, &["proyek", "project", "perumahan", "unit"]),
    (
        Column::Note,
        &["catatan", "note", "notes", "keterangan", "remarks", "pesan"],
    ),
];

/// The rows of a file, without empty ones. Fails with `Invalid` if it is no table, names no column with the number, or has
/// more than 5,000 rows.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<FileRow>> {
    let lines = if bytes.starts_with(ZIP) {
        workbook(bytes)?
    } else {
        csv(bytes)?
    };
    let mut lines = lines.into_iter();
    let headings = lines.next().unwrap_or_default();
    let columns = columns_of(&headings);
    if !columns.contains(&Some(Column::Phone)) {
        let reason = format!(
            "has no column with the number: the first line must name one, for example `nomor`; it names: {}",
            headings.join(", ")
        );
        return Err(Error::invalid("file", reason));
    }
    let rows: Vec<FileRow> = (2..)
        .zip(lines)
        .filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()))
        .map(|(n, cells)| row_of(n, &columns, cells))
        .take(MOST_ROWS + 1)
        .collect();
    if rows.len() > MOST_ROWS {
        let reason = format!("has more than {MOST_ROWS} rows: divide it");
        return Err(Error::invalid("file", reason));
    }
    if rows.is_empty() {
        return Err(Error::invalid("file", "has no rows below the headings"));
    }
    Ok(rows)
}

/// Which column each heading names. A column that is named twice is the first of the two.
fn columns_of(headings: &[String]) -> Vec<Option<Column>> {
    let mut found = Vec::new();
    for heading in headings {
        let heading = heading.to_lowercase();
        let words: Vec<&str> = heading.split(|c: char| !c.is_alphanumeric()).collect();
        let column = WORDS
            .iter()
            .find(|(_, names)| words.iter().any(|word| names.contains(word)))
            .map(|(column, _)| *column);
        found.push(column.filter(|column| !found.contains(&Some(*column))));
    }
    found
}

fn row_of(n: i32, columns: &[Option<Column>], cells: Vec<String>) -> FileRow {
    let mut row = FileRow {
        n,
        ..FileRow::default()
    };
    for (column, cell) in columns.iter().zip(cells) {
        let text = (!cell.is_empty()).then_some(cell);
        match column {
            Some(Column::Phone) => row.phone = text.unwrap_or_default(),
            Some(Column::Owner) => row.owner = text,
            Some(Column::Name) => row.name = text,
            Some(Column::Source) => row.source = text,
            Some(Column::Project) => row.project = text,
            Some(Column::Note) => row.note = text,
            None => {}
        }
    }
    row
}

fn csv(bytes: &[u8]) -> Result<Vec<Vec<String>>> {
    let unread = |error: csv::Error| Error::invalid("file", format!("is no CSV: {error}"));
    // Excel saves "CSV" in the encoding of Windows, and "CSV UTF-8" with a mark.
    let (text, _, broken) = encoding_rs::UTF_8.decode(bytes);
    let text = if broken {
        encoding_rs::WINDOWS_1252.decode(bytes).0
    } else {
        text
    };
    let first = text.lines().next().unwrap_or_default();
    let count = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(count);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator.unwrap_or(b','))
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records().take(MOST_ROWS * 2) {
        let record = record.map_err(unread)?;
        // The number of the line, as a spreadsheet shows it, also after lines without any cell.
        let line = record.position().map_or(0, csv::Position::record);
        let line = usize::try_from(line)
            .unwrap_or(usize::MAX)
            .min(MOST_ROWS * 2);
        lines.resize(line.max(lines.len()), Vec::new());
        lines.push(record.iter().map(tidy).collect());
    }
    Ok(lines)
}

fn workbook(bytes: &[u8]) -> Result<Vec<Vec<String>>> {
    let unread = |error: calamine::XlsxError| {
        Error::invalid("file", format!("is no workbook that can be read: {error}"))
    };
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unread)?;
    let Some(sheet) = workbook.worksheet_range_at(0) else {
        return Err(Error::invalid("file", "has no sheet"));
    };
    let sheet = sheet.map_err(unread)?;
    let above = sheet.start().map_or(0, |(row, _)| row);
    let mut lines: Vec<Vec<String>> = sheet
        .rows()
        .take(MOST_ROWS * 2)
        .map(|row| row.iter().map(cell).collect())
        .collect();
    if above > 0 && !lines.is_empty() {
        // Rows are counted as the sheet counts them.
        let headings = lines.remove(0);
        let above = usize::try_from(above).unwrap_or(usize::MAX).min(MOST_ROWS);
        lines.splice(0..0, std::iter::repeat_n(Vec::new(), above));
        lines.insert(0, headings);
    }
    Ok(lines)
}

/// A cell as text. Excel keeps a number without its leading zero and as a fraction: `81234001234.0`.
fn cell(cell: &Data) -> String {
    match cell {
        Data::Float(number) if number.fract() == 0.0 => format!("{number:.0}"),
        Data::Empty | Data::Error(_) => String::new(),
        other => tidy(&other.to_string()),
    }
}

/// Without an apostrophe that an export of ours put before a number.
fn tidy(text: &str) -> String {
    let text = text.trim();
    let text = match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['+', '-', '=', '@']) => rest,
        _ => text,
    };
    crate::whatsapp::clean(text)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_list_is_read_whatever_separator_and_headings_it_has() {
        for file in [
            "Nama,No. HP,Nama Sales\nBudi,0812-3400-1234,Sales A\n",
            "\u{feff}name;WhatsApp number;agent\r\nBudi;0812-3400-1234;Sales A\r\n;;\r\n",
            "Klien\tTelepon\tAgen\nBudi\t0812-3400-1234\tSales A",
        ] {
            let rows = read(file.as_bytes()).expect(file);
            assert_eq!(rows.len(), 1, "{file}");
            assert_eq!(
                (
                    rows[0].n,
                    &*rows[0].phone,
                    rows[0].owner.as_deref(),
                    rows[0].name.as_deref()
                ),
                (2, "0812-3400-1234", Some("Sales A"), Some("Budi")),
                "{file}"
            );
        }
    }

    #[test]
    fn a_file_in_the_encoding_of_windows_keeps_its_letters() {
        let rows = read(b"nomor;nama\n08123;Ren\xe9\n").expect("rows");
        assert_eq!(rows[0].name.as_deref(), Some("René"));
    }

    #[test]
    fn rows_are_counted_as_the_file_counts_them_also_after_an_empty_one() {
        let rows = read(b"nomor,nama\n08111,A\n,\n08112,B\n").expect("rows");
        let places: Vec<i32> = rows.iter().map(|row| row.n).collect();
        assert_eq!(places, [2, 4]);
    }

    #[test]
    fn a_file_that_is_no_list_says_what_is_missing() {
        for (file, says) in [
            ("", "has no column with the number"),
            ("nama,kota\nBudi,BSD\n", "it names: nama, kota"),
            ("nomor\n", "has no rows"),
            ("PK\u{3}\u{4}broken", "is no workbook"),
        ] {
            let error = read(file.as_bytes()).expect_err(file).to_string();
            assert!(error.contains(says), "{file}: {error}");
        }
    }
}
