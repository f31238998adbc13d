//! Reads a file of leads: CSV with any usual separator, or XLSX. The first line names the columns.

use super::model::{FileRow, MOST_ROWS};
use crate::{Error, Result};
use calamine::{Data, Reader, Xlsx};
use std::fmt::Display;
use std::io::{self, Cursor, Read};
use zip::ZipArchive;

/// How a zip archive, and so a workbook, begins (PKWARE, APPNOTE 4.3.7).
const ZIP: &[u8] = b"PK\x03\x04";

/// The most bytes of a workbook's parts when they are unpacked.
const MOST_UNPACKED: u64 = 64 << 20;

/// The most columns of a workbook that are read.
const MOST_COLUMNS: usize = 200;

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
    for record in reader.records() {
        let record = record.map_err(unread)?;
        // The number of the line, as a spreadsheet shows it, also after lines without any cell.
        let line = record.position().map_or(0, csv::Position::record);
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        check_line(line)?;
        lines.resize(line.max(lines.len()), Vec::new());
        lines.push(record.iter().map(tidy).collect());
    }
    Ok(lines)
}

fn workbook(bytes: &[u8]) -> Result<Vec<Vec<String>>> {
    check_unpacked(bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(no_workbook)?;
    let Some(first) = workbook.sheet_names().first().cloned() else {
        return Err(Error::invalid("file", "has no sheet"));
    };
    // Cell by cell: a sheet whose only cells are its first and its last would take gigabytes as a table.
    let mut cells = workbook
        .worksheet_cells_reader(&first)
        .map_err(no_workbook)?;
    let mut lines: Vec<Vec<String>> = Vec::new();
    while let Some(found) = cells.next_cell().map_err(no_workbook)? {
        let (row, column) = found.get_position();
        let (row, column) = (row as usize, column as usize);
        let text = cell(&found.get_value().clone().into());
        if text.is_empty() || column >= MOST_COLUMNS {
            continue;
        }
        check_line(row)?;
        lines.resize(lines.len().max(row + 1), Vec::new());
        let line = &mut lines[row];
        line.resize(line.len().max(column + 1), String::new());
        line[column] = text;
    }
    // The headings are the first line that has any. Rows are counted as the sheet counts them.
    if let Some(at) = lines.iter().position(|line| !line.is_empty()) {
        lines.swap(0, at);
    }
    Ok(lines)
}

fn no_workbook(error: impl Display) -> Error {
    Error::invalid("file", format!("is no workbook that can be read: {error}"))
}

/// Fails with `Invalid` if a line with text is so far down that it is no row of a list that may be uploaded.
fn check_line(line: usize) -> Result<()> {
    if line < MOST_ROWS * 2 {
        return Ok(());
    }
    let reason = format!("has text below line {}: divide it", MOST_ROWS * 2);
    Err(Error::invalid("file", reason))
}

/// Fails with `Invalid` if the parts of a workbook are together larger than 64 MiB when they are unpacked. The sizes
/// that an archive states can be wrong, so this unpacks the parts and counts.
fn check_unpacked(bytes: &[u8]) -> Result<()> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(no_workbook)?;
    let mut left = MOST_UNPACKED;
    for part in 0..archive.len() {
        let part = archive.by_index(part).map_err(no_workbook)?;
        let mut part = part.take(left + 1);
        let size = io::copy(&mut part, &mut io::sink()).map_err(no_workbook)?;
        left = left.checked_sub(size).ok_or_else(|| {
            Error::invalid(
                "file",
                "is larger than 64 MiB when it is unpacked: divide it",
            )
        })?;
    }
    Ok(())
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
    use std::io::{Cursor, Write};

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

    /// A workbook whose cells are these: row, column, text.
    fn workbook(cells: &[(u32, u16, &str)]) -> Vec<u8> {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, column, text) in cells {
            sheet.write(*row, *column, *text).expect("a cell");
        }
        workbook.save_to_buffer().expect("a workbook")
    }

    #[test]
    fn the_headings_of_a_workbook_can_be_below_its_first_line() {
        let file = workbook(&[
            (2, 1, "nomor"),
            (2, 2, "nama"),
            (4, 1, "08111"),
            (4, 2, "A"),
        ]);
        let rows = read(&file).expect("rows");
        assert_eq!((rows.len(), rows[0].n, &*rows[0].phone), (1, 5, "08111"));
    }

    #[test]
    fn a_sheet_that_is_almost_empty_and_huge_takes_no_memory() {
        let wide = workbook(&[(0, 0, "nomor"), (1, 0, "08111"), (1, 16_383, "x")]);
        assert_eq!(read(&wide).expect("rows").len(), 1);
        let high = workbook(&[
            (0, 0, "nomor"),
            (1, 0, "08111"),
            (1_048_575, 16_383, "x"),
            (1_048_575, 0, "08112"),
        ]);
        let error = read(&high).expect_err("too high").to_string();
        assert!(error.contains("below line 10000"), "{error}");
    }

    #[test]
    fn a_workbook_that_is_huge_when_unpacked_is_refused() {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        archive
            .start_file("xl/worksheets/sheet1.xml", options)
            .expect("a part");
        for _ in 0..65 {
            archive.write_all(&vec![0; 1 << 20]).expect("a megabyte");
        }
        let file = archive.finish().expect("an archive").into_inner();
        assert!(file.len() < 1 << 20, "{}", file.len());
        let error = read(&file).expect_err("a bomb").to_string();
        assert!(error.contains("64 MiB"), "{error}");
    }
}
