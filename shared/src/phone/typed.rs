//! Reading a number that a person typed.

use super::country;
use super::number::Phone;
use crate::invisible::{is_invisible, is_modifier};
use crate::{Error, Result};
use unicode_normalization::UnicodeNormalization;

/// Why a text is no phone number. The sentence is for the person who typed it, and never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There are not enough digits.
    #[error("not a phone number: write it as 0812… or with its country, as +62812…")]
    NoNumber,
    /// There are letters between the digits.
    #[error("not a phone number: there are letters between its digits")]
    Letters,
    /// The digits exist in no country's numbering plan, for example because one is missing.
    #[error(
        "no such phone number exists: check its digits, and write a number from abroad as +65…"
    )]
    NotExisting,
    /// The digits can be two different numbers.
    #[error("can be two different phone numbers: write it with its country, as +62812…")]
    Unsure,
}

/// Texts longer than this are no number.
const LONGEST: usize = 500;
/// Fewer digits than this are no number but, for example, a house's.
const FEWEST: usize = 5;
/// Prefixes with which people dial Indonesia from Indonesia by carrier: 001, 007, 008 and 009.
const CARRIERS: [&str; 4] = ["00162", "00762", "00862", "00962"];

impl Phone {
    /// Reads what a person typed, as [`Phone::read`] does. Fails with the reason under the name of the field.
    pub fn from_human(field: &'static str, typed: &str) -> Result<Self> {
        Self::read(typed).map_err(|unreadable| Error::invalid(field, unreadable.to_string()))
    }

    /// Reads what a person typed: `0812-3400-1234`, `+62 (0)812…`, `WA 0812… (Budi)`, `https://wa.me/62812…`,
    /// `6281234001234.0` (a spreadsheet's number). Every form, chat, import, search and setting uses it.
    ///
    /// A number without a country is Indonesian; another country needs `+` or `00`. Of two numbers in one
    /// answer the first is taken. libphonenumber decides whether a number exists. Text whose digits can be
    /// read as two different numbers, or as none, is refused and never guessed.
    pub fn read(typed: &str) -> Result<Self, Unreadable> {
        read(typed)
    }
}

fn read(typed: &str) -> Result<Phone, Unreadable> {
    let text = cleaned(typed);
    if let Some(id) = whatsapp_id(&text) {
        return match Phone::from_whatsapp_id("phone", &id) {
            Ok(phone) if country::exists(phone.as_str()) => Ok(phone),
            _ => Err(Unreadable::NotExisting),
        };
    }
    let mut failure = Unreadable::NoNumber;
    for piece in pieces(&text) {
        match piece.read() {
            Ok(phone) => return Ok(phone),
            // The first piece with a reason is what the person meant as their number.
            Err(reason) if failure == Unreadable::NoNumber => failure = reason,
            Err(_) => {}
        }
    }
    Err(failure)
}

/// The digits that a stored number contains, if the text of a search is a number or a part of one:
/// `0812-99` finds `+6281299…`. `None` if the text is something else.
pub fn search_digits(text: &str) -> Option<String> {
    let text = cleaned(text);
    let bare: String = text.chars().filter(|c| !is_separator(*c)).collect();
    let digits = bare.trim_start_matches('+');
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Ok(phone) = read(&text) {
        return Some(phone.digits().to_owned());
    }
    // A part of a number: `0812` is `62812` in the database, and so is `812`.
    let part = match digits.strip_prefix('0') {
        Some(rest) if !rest.starts_with('0') => rest,
        _ => digits,
    };
    (!part.is_empty()).then(|| part.to_owned())
}

/// The text with compatibility forms folded (full-width digits), invisible characters removed, and every dash
/// and space of one kind.
fn cleaned(typed: &str) -> String {
    let visible = typed
        .chars()
        .take(LONGEST)
        .filter(|c| !is_invisible(*c) && !is_modifier(*c));
    visible
        .nfkc()
        .map(|c| match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '_' | '~' => '-',
            '\u{2044}' | '\u{2215}' | '|' | '\\' => '/',
            c if c.is_whitespace() => ' ',
            c => c
                .to_digit(10)
                .and_then(|digit| char::from_digit(digit, 10))
                .unwrap_or_else(|| latin_digit(c)),
        })
        .collect()
}

/// The ASCII digit of an Arabic or Persian one. Other characters are returned as they are.
fn latin_digit(c: char) -> char {
    let zero = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        _ => return c,
    };
    char::from_digit(u32::from(c) - zero, 10).unwrap_or(c)
}

/// The digits of a `wa.me` link, of WhatsApp's send link, or of a JID: international already.
fn whatsapp_id(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let after = ["wa.me/", "send?phone=", "send/?phone="]
        .iter()
        .find_map(|link| lower.split_once(link).map(|(_, after)| after));
    if let Some(after) = after {
        let digits: String = after
            .trim_start_matches(['+', ' '])
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        // A link with the local form `wa.me/0812…` is read as typed digits.
        return (!digits.starts_with('0') && digits.len() >= FEWEST).then_some(digits);
    }
    let (user, server) = lower.trim().split_once('@')?;
    let is_jid = matches!(server, "s.whatsapp.net" | "c.us");
    (is_jid && user.bytes().all(|b| b.is_ascii_digit())).then(|| user.to_owned())
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '(' | ')' | '.' | '-' | '/' | ',' | ';')
}

/// A run of digits and separators, and whether a letter touches it.
struct Piece<'text> {
    text: &'text str,
    letter_before: Option<char>,
    letter_after: bool,
}

/// The runs of the text that have enough digits.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let inside = |c: char| c.is_ascii_digit() || c == '+' || is_separator(c);
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let rest = &text[start..];
        let Some(offset) = rest.find(|c: char| c.is_ascii_digit() || c == '+') else {
            break;
        };
        let from = start + offset;
        let length = text[from..]
            .find(|c| !inside(c))
            .unwrap_or(text.len() - from);
        let run = text[from..from + length].trim_end_matches(is_separator);
        let touches = text[from + run.len()..].chars().next();
        if run.bytes().filter(u8::is_ascii_digit).count() >= FEWEST {
            pieces.push(Piece {
                text: run,
                letter_before: text[..from]
                    .chars()
                    .next_back()
                    .filter(|c| c.is_alphabetic()),
                letter_after: touches.is_some_and(char::is_alphabetic),
            });
        }
        start = from + length.max(1);
    }
    pieces
}

impl Piece<'_> {
    fn read(&self) -> Result<Phone, Unreadable> {
        if self.letter_after {
            return Err(Unreadable::Letters);
        }
        let text = without_decimals(self.text);
        // `WA0812…` is clear. `O812…` has a letter for the zero, which may be left out of `0812…` anyway.
        let is_clear = match self.letter_before {
            None => true,
            Some('O' | 'o') => text.starts_with('8'),
            Some(_) => text.starts_with(['0', '+']),
        };
        if !is_clear {
            return Err(Unreadable::Letters);
        }
        match one_number(text) {
            Ok(phone) => Ok(phone),
            Err(reason) => first_of_several(text).ok_or(reason),
        }
    }
}

/// A spreadsheet writes a number as `6281234001234.0`.
fn without_decimals(text: &str) -> &str {
    let Some((number, decimals)) = text.rsplit_once('.') else {
        return text;
    };
    let is_plain = number
        .trim_start_matches('+')
        .bytes()
        .all(|b| b.is_ascii_digit());
    if is_plain
        && number.len() >= 8
        && !decimals.is_empty()
        && decimals.bytes().all(|b| b == b'0')
        && decimals.len() <= 2
    {
        number
    } else {
        text
    }
}

/// Two numbers in one answer: the first. Every part must be a number, so that no part of a longer number
/// counts as one.
fn first_of_several(text: &str) -> Option<Phone> {
    [&['/', ',', ';'][..], &[' '][..]]
        .into_iter()
        .find_map(|between| {
            let parts: Vec<&str> = text
                .split(between)
                .map(|part| part.trim_matches(is_separator))
                .filter(|part| !part.is_empty())
                .collect();
            let phones: Option<Vec<Phone>> =
                parts.iter().map(|part| one_number(part).ok()).collect();
            phones.filter(|phones| phones.len() > 1)?.into_iter().next()
        })
}

/// The only number that these digits can be.
fn one_number(text: &str) -> Result<Phone, Unreadable> {
    let bare: String = text.chars().filter(|c| !is_separator(*c)).collect();
    let digits = bare.trim_start_matches('+');
    // A plus sign in the middle is the start of another number.
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Unreadable::NotExisting);
    }
    let mut found: Vec<String> = readings(digits, bare.starts_with('+'))
        .into_iter()
        .map(country::one_spelling)
        .filter(|e164| country::exists(e164))
        .collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [one] => Ok(Phone(one.clone())),
        [] => Err(Unreadable::NotExisting),
        _ => Err(Unreadable::Unsure),
    }
}

/// Everything that the digits can mean, in E.164.
fn readings(digits: &str, has_plus: bool) -> Vec<String> {
    let mut readings = Vec::new();
    if has_plus {
        international(digits, &mut readings);
    } else if let Some(rest) = digits.strip_prefix("00") {
        international(rest, &mut readings);
        for carrier in CARRIERS {
            if let Some(rest) = digits.strip_prefix(carrier) {
                indonesian(rest, &mut readings);
            }
        }
    } else if let Some(national) = digits.strip_prefix('0') {
        readings.push(format!("+62{national}"));
        // `062812…`: the zero was typed before the country.
        if let Some(rest) = national.strip_prefix("62") {
            indonesian(rest, &mut readings);
        }
    } else if let Some(rest) = digits.strip_prefix("62") {
        indonesian(rest, &mut readings);
    } else if digits.starts_with('8') {
        readings.push(format!("+62{digits}"));
    }
    readings
}

/// The digits after `62`: with a trunk zero (`62 0812…`), or with the country twice (`62 62 812…`).
fn indonesian(rest: &str, readings: &mut Vec<String>) {
    readings.push(format!("+62{rest}"));
    let mut inner = rest;
    while let Some(again) = inner.strip_prefix("62") {
        inner = again;
        // 062x are area codes of Sumatra, so only mobiles are read this way.
        if inner.trim_start_matches('0').starts_with('8') {
            readings.push(format!("+62{}", inner.trim_start_matches('0')));
        }
    }
    if let Some(national) = rest.strip_prefix('0') {
        readings.push(format!("+62{national}"));
    }
}

/// Digits with their country: as they are, or with the trunk zero of the country (`+61 0412…`).
fn international(digits: &str, readings: &mut Vec<String>) {
    if let Some(rest) = digits.strip_prefix("62") {
        return indonesian(rest, readings);
    }
    readings.push(format!("+{digits}"));
    if let Some(length) = country::code_length(digits)
        && let Some(national) = digits[length..].strip_prefix('0')
    {
        readings.push(format!("+{}{national}", &digits[..length]));
    }
}
