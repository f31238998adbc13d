//! Output of commands: a table for a person, or JSON for a script.

use std::io::{Result, Write};

/// Prints rows as columns that are as wide as their widest cell.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = std::io::stdout().lock();
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// Prints one JSON value.
pub(super) fn json(value: &serde_json::Value) -> Result<()> {
    writeln!(std::io::stdout(), "{value}")
}

/// Prints one line.
pub(super) fn line(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}")
}
