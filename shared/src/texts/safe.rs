//! Values that other people wrote, made safe for a line of ours.

use crate::invisible::is_invisible;

/// Joins the parts of an emoji: a family is three people.
const ZERO_WIDTH_JOINER: char = '\u{200d}';
/// The longest value that stands on one line, in characters.
const LONGEST_LINE: usize = 200;

/// The value on one line: line breaks, tabs and runs of spaces become one space, and characters that change the
/// direction or visibility of text are removed.
pub fn one_line(value: &str) -> String {
    let visible: String = without_controls(value);
    let words: Vec<&str> = visible.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= LONGEST_LINE {
        return line;
    }
    let cut: String = line.chars().take(LONGEST_LINE - 1).collect();
    format!("{cut}…")
}

/// A message of several lines. Every line after the first is marked as a quote, so that none can look like a line of
/// ours.
pub(super) fn quoted(value: &str) -> String {
    let visible = without_controls(value);
    let lines: Vec<&str> = visible
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n> ")
}

/// The value without bidi controls and invisible characters. Joiners inside an emoji stay.
pub(super) fn without_controls(value: &str) -> String {
    let mut safe = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' => safe.push('\n'),
            '\r' => {}
            ZERO_WIDTH_JOINER => safe.push(c),
            c if is_invisible(c) => {}
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::{one_line, quoted};

    #[test]
    fn a_name_stays_on_its_line() {
        assert_eq!(
            one_line("Budi\n\nPT Maju\t\tJaya \u{202e}X"),
            "Budi PT Maju Jaya X"
        );
        assert_eq!(one_line("A\u{2028}Nama: B"), "A Nama: B");
        assert_eq!(one_line("👨‍👩‍👧"), "👨‍👩‍👧");
        assert_eq!(one_line(&"x".repeat(500)).chars().count(), 200);
    }

    #[test]
    fn no_line_of_a_message_looks_like_ours() {
        assert_eq!(
            quoted("Halo\r\nWA: 0811\n\nBalas OK"),
            "Halo\n> WA: 0811\n> Balas OK"
        );
    }
}
