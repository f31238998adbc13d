//! Splitting a message into words.

use crate::invisible::{is_invisible, is_modifier};
use unicode_normalization::UnicodeNormalization;

/// A phrase: one or more words.
pub(super) type Phrase = Vec<String>;

/// Splits a message into words and emoji: compatibility forms and look-alike letters folded, lower case, without
/// punctuation, invisible characters, skin tones and presentation selectors. A signature is cut off.
pub(super) fn words(body: &str) -> Vec<String> {
    let body = without_signature(body);
    let mut words: Vec<String> = Vec::new();
    let mut in_word = false;
    let mut letters = 0;
    for c in body.nfkc() {
        if is_invisible(c) || is_modifier(c) || c == char::REPLACEMENT_CHARACTER {
            continue;
        }
        if c.is_alphanumeric() {
            if !in_word {
                words.push(String::new());
                letters = 0;
            }
            in_word = true;
            letters += usize::from(c.is_alphabetic());
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase().map(latin));
            }
            continue;
        }
        // `o.k.` and `D.56` are one word each.
        let is_first_letter =
            in_word && letters == 1 && words.last().is_some_and(|word| word.len() == 1);
        if c == '.' && is_first_letter {
            continue;
        }
        in_word = false;
        if !c.is_ascii() && !is_punctuation(c) && !c.is_whitespace() && !c.is_control() {
            words.push(c.to_string());
        }
    }
    words.into_iter().map(zero_as_letter).collect()
}

/// The message up to a line of dashes, or to the line that a mail program or phone adds.
fn without_signature(body: &str) -> String {
    let is_signature = |line: &str| {
        let line = line.trim();
        let dashes = line
            .chars()
            .filter(|c| matches!(c, '-' | '_' | '\u{2013}' | '\u{2014}'))
            .count();
        let lower = line.to_lowercase();
        (dashes >= 1 && dashes == line.chars().count() && (dashes >= 2 || line == "\u{2014}"))
            || lower.starts_with("sent from")
            || lower.starts_with("dikirim dari")
    };
    let lines: Vec<&str> = body
        .lines()
        .take_while(|line| !is_signature(line))
        .collect();
    lines.join("\n")
}

/// The Latin letter of a Cyrillic or Greek one that looks the same: `ОК` from a keyboard set to Russian.
fn latin(c: char) -> char {
    match c {
        'о' | 'ο' => 'o',
        'к' | 'κ' => 'k',
        'е' | 'ε' => 'e',
        'а' | 'α' => 'a',
        'с' => 'c',
        'р' | 'ρ' => 'p',
        'у' => 'y',
        'і' | 'ι' => 'i',
        other => other,
    }
}

/// `0ke` is `oke`. A number stays a number, and a code has its letter first.
fn zero_as_letter(word: String) -> String {
    match word.strip_prefix('0') {
        Some(rest) if rest.chars().all(char::is_alphabetic) && !rest.is_empty() => {
            format!("o{rest}")
        }
        _ => word,
    }
}

/// Typographic marks that a phone's keyboard inserts instead of ASCII's.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{203b}' | '\u{203d}'..='\u{205e}' | '¡' | '¿' | '«' | '»' | '·')
}

/// Whether the words start with the phrase. A word with stretched letters is the word: `okeee`, `siiap`.
pub(super) fn starts_with(words: &[String], phrase: &Phrase) -> bool {
    words.len() >= phrase.len()
        && phrase
            .iter()
            .zip(words)
            .all(|(known, word)| is_same(known, word))
}

fn is_same(known: &str, word: &str) -> bool {
    word == known
        || (word.len() > known.len()
            && word.chars().all(char::is_alphabetic)
            && word.starts_with(known.chars().next().unwrap_or_default())
            && squeezed(word) == squeezed(known))
}

/// The word with each run of one letter as a single letter.
fn squeezed(word: &str) -> String {
    let mut squeezed = String::with_capacity(word.len());
    for c in word.chars() {
        if !squeezed.ends_with(c) {
            squeezed.push(c);
        }
    }
    squeezed
}
