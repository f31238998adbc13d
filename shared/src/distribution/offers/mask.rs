//! What an agent who does not own a lead can see of its client, with `DISTRIBUTION_MASK_OFFERS`: enough to
//! want the lead, not enough to reach the client.

use crate::App;
use crate::invisible::{is_invisible, is_modifier};
use crate::leads::{self, Lead};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// The character that replaces a digit.
const DOT: char = '•';
/// What replaces a word.
const HIDDEN: &str = "•••";

/// Ends of addresses that people write without `https://`.
const DOMAINS: [&str; 30] = [
    "com", "id", "net", "org", "me", "co", "io", "link", "ly", "app", "xyz", "site", "shop",
    "store", "page", "bio", "gg", "tv", "info", "biz", "web", "my", "sg", "au", "uk", "us", "ee",
    "at", "dev", "online",
];

/// Services where a name is an address: the word after one of these is hidden.
const SERVICES: [&str; 21] = [
    "ig",
    "insta",
    "instagram",
    "telegram",
    "tele",
    "tg",
    "facebook",
    "fb",
    "messenger",
    "tiktok",
    "twitter",
    "threads",
    "line",
    "wechat",
    "discord",
    "linkedin",
    "skype",
    "signal",
    "viber",
    "email",
    "gmail",
];
/// Words between the name of a service and the address there.
const BETWEEN: [&str; 14] = [
    "saya", "aku", "gw", "id", "akun", "nama", "username", "user", "di", "ke", "nya", "ku", "is",
    "my",
];

/// Digits as words.
const NUMBER_WORDS: [&str; 26] = [
    "nol", "kosong", "satu", "dua", "tiga", "empat", "ampat", "lima", "enam", "tujuh", "delapan",
    "lapan", "sembilan", "zero", "oh", "one", "two", "three", "four", "five", "six", "seven",
    "eight", "nine", "belas", "puluh",
];
/// Units of money and area.
const UNITS: [&str; 14] = [
    "jt", "juta", "jutaan", "rb", "ribu", "m", "miliar", "milyar", "m2", "meter", "t", "triliun",
    "persen", "tahun",
];
/// A word with so many digits is a telephone number, and no part of one.
const FEWEST_OF_A_NUMBER: usize = 9;
/// Words with more digits than this together could spell a telephone number.
const MOST_DIGITS_OF_AMOUNTS: usize = 8;

/// This many digits in a row as words are a number; "dua kamar" is not.
const FEWEST_WORDS: usize = 4;

/// The client's name, masked.
pub(crate) fn name_of<'lead>(app: &App, lead: &'lead Lead) -> Cow<'lead, str> {
    name(app, lead.name.as_deref())
}

/// A name, masked.
pub(crate) fn name<'name>(app: &App, name: Option<&'name str>) -> Cow<'name, str> {
    match name {
        Some(name) if app.distribution.mask_offers => Cow::Owned(masked_name(name)),
        name => Cow::Borrowed(leads::name_or_unknown(name)),
    }
}

/// A text that a client or an ad wrote, as an offer shows it: scrubbed if offers are masked.
pub(crate) fn words<'text>(app: &App, text: &'text str) -> Cow<'text, str> {
    if app.distribution.mask_offers {
        Cow::Owned(scrubbed(text))
    } else {
        Cow::Borrowed(text)
    }
}

/// The first letter of each word: `B*** T***`. A word with digits is masked completely.
pub fn masked_name(name: &str) -> String {
    let words = name.split_whitespace().map(|word| {
        let first = word.chars().next().filter(|first| first.is_alphabetic());
        match first {
            Some(first) if !word.chars().any(char::is_numeric) => format!("{first}***"),
            _ => "***".to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A client's message without digits, number words, addresses, links, and names on other services.
pub fn scrubbed(words: &str) -> String {
    // Invisible characters and compatibility forms can hide a link or a number from a reader of characters.
    let visible = words
        .chars()
        .filter(|c| !is_invisible(*c) && !is_modifier(*c));
    let plain: String = visible.nfkc().collect();
    let tokens: Vec<&str> = plain.split_inclusive(char::is_whitespace).collect();
    let mut hidden = number_words(&tokens);
    let amounts = amounts(&tokens);
    for at in 0..tokens.len() {
        if is_address(tokens[at]) {
            hidden[at] = true;
        } else if SERVICES.contains(&bare(tokens[at]).as_str()) {
            let between = tokens[at + 1..]
                .iter()
                .take_while(|token| {
                    bare(token).is_empty() || BETWEEN.contains(&bare(token).as_str())
                })
                .count();
            if let Some(hidden) = hidden.get_mut(at + 1 + between) {
                *hidden = true;
            }
        }
    }
    let mut scrubbed = String::with_capacity(plain.len());
    for (at, (token, hidden)) in tokens.iter().zip(hidden).enumerate() {
        let text = token.trim_end();
        if hidden && !text.is_empty() {
            scrubbed.push_str(HIDDEN);
            scrubbed.push_str(&token[text.len()..]);
        } else if amounts[at] {
            scrubbed.push_str(token);
        } else {
            scrubbed.extend(token.chars().map(|c| if c.is_numeric() { DOT } else { c }));
        }
    }
    scrubbed
}

/// Which of the words are an amount of money or an area, which an agent wants to know: `500jt`, `1,5 miliar`,
/// `300-400jt`, `72 m2`. None, if together they have enough digits to spell a telephone number.
fn amounts(tokens: &[&str]) -> Vec<bool> {
    let mut amounts = vec![false; tokens.len()];
    let digits_of = |word: &str| word.chars().filter(char::is_ascii_digit).count();
    for at in 0..tokens.len() {
        let word = bare(tokens[at]);
        let joined = UNITS
            .iter()
            .filter_map(|unit| word.strip_suffix(unit))
            .any(is_short_number);
        let parted = is_short_number(&word)
            && tokens
                .get(at + 1)
                .is_some_and(|next| UNITS.contains(&bare(next).as_str()));
        if joined || parted {
            amounts[at] = true;
            // The unit can have a digit: `72 m2`.
            if parted {
                amounts[at + 1] = true;
            }
        }
    }
    // A whole telephone number is hidden anyway. Parts of one must not be completed by amounts.
    let digits: usize = tokens
        .iter()
        .map(|token| digits_of(token))
        .filter(|digits| *digits < FEWEST_OF_A_NUMBER)
        .sum();
    if digits > MOST_DIGITS_OF_AMOUNTS {
        amounts.fill(false);
    }
    amounts
}

/// One number or a range of two, each of at most three digits before and two after its comma, without a leading zero.
fn is_short_number(text: &str) -> bool {
    let mut parts = text.split(['-', '–']);
    let is_short = |part: &str| {
        let (whole, rest) = part.split_once([',', '.']).unwrap_or((part, "0"));
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
        };
        digits(whole, 3) && !(whole.len() > 1 && whole.starts_with('0')) && digits(rest, 2)
    };
    let first = parts.next().is_some_and(is_short);
    let second = parts.next().is_none_or(is_short);
    first && second && parts.next().is_none()
}

/// The word without punctuation, in lower case.
fn bare(token: &str) -> String {
    token
        .trim()
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase()
}

/// Whether the word is a link or an address: `a@b.co`, `@budi`, `https://…`, `t.me/x`, `contoh.id`.
fn is_address(token: &str) -> bool {
    let lower = token.trim().to_lowercase();
    if lower.contains('@') || lower.contains("://") || lower.contains("www.") {
        return true;
    }
    let host = lower.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.trim_matches(|c: char| !c.is_alphanumeric());
    let Some((name, end)) = host.rsplit_once('.') else {
        return false;
    };
    let has_name = name.chars().any(char::is_alphanumeric) && !name.ends_with('.');
    has_name
        && (DOMAINS.contains(&end)
            || (lower.contains('/') && end.chars().all(char::is_alphabetic) && end.len() >= 2))
}

/// Which of the words spell digits: runs of at least four, with digits among them, or one word of several.
fn number_words(tokens: &[&str]) -> Vec<bool> {
    let spells = |token: &&str| {
        let bare = bare(token);
        NUMBER_WORDS.contains(&bare.as_str()) || bare.bytes().all(|b| b.is_ascii_digit())
    };
    let mut hidden: Vec<bool> = tokens
        .iter()
        .map(|token| spelled(&bare(token)) >= FEWEST_WORDS - 1)
        .collect();
    let mut start = 0;
    while start < tokens.len() {
        let run = tokens[start..]
            .iter()
            .take_while(|token| spells(token))
            .count();
        let words = tokens[start..start + run]
            .iter()
            .filter(|token| !bare(token).is_empty())
            .count();
        if words >= FEWEST_WORDS {
            hidden[start..start + run].fill(true);
        }
        start += run.max(1);
    }
    hidden
}

/// How many number words make up this one word: `noldelapansatu` is three. 0 if it has any other part.
fn spelled(word: &str) -> usize {
    let mut rest = word;
    let mut count = 0;
    while !rest.is_empty() {
        let next = NUMBER_WORDS
            .iter()
            .filter(|known| rest.starts_with(**known))
            .max_by_key(|known| known.len());
        match next {
            Some(known) => rest = &rest[known.len()..],
            None => return 0,
        }
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{masked_name, scrubbed};

    #[test]
    fn a_name_keeps_its_first_letters_only() {
        assert_eq!(masked_name("Bapak Test"), "B*** T***");
        assert_eq!(masked_name(" Ibu  081234001234 "), "I*** ***");
        assert_eq!(masked_name("Rina08123"), "***");
        assert_eq!(masked_name("王伟"), "王***");
    }

    #[test]
    fn figures_of_any_script_and_addresses_are_scrubbed() {
        assert_eq!(scrubbed("WA saya 0812-3400 ya"), "WA saya ••••-•••• ya");
        assert_eq!(scrubbed("٠٨١٢\nhalo"), "••••\nhalo");
        assert_eq!(
            scrubbed("rina@contoh.id atau https://x.id/a ."),
            "••• atau ••• ."
        );
        assert_eq!(scrubbed("wa.me/62812"), "•••");
        assert_eq!(
            scrubbed("cek t.me/budi, instagram.com/budi dan contoh.co.id"),
            "cek ••• ••• dan •••"
        );
        assert_eq!(
            scrubbed("t\u{200b}.me/budi t．me/budi 0\u{fe0f}\u{20e3}8\u{fe0f}\u{20e3}"),
            "••• ••• ••"
        );
    }

    #[test]
    fn amounts_stay_unless_they_could_spell_a_number() {
        assert_eq!(
            scrubbed("budget 500 juta, DP 5jt, 3-4jt"),
            "budget 500 juta, DP 5jt, 3-4jt"
        );
        assert_eq!(scrubbed("luas 72 m2, 1,5 miliar"), "luas 72 m2, 1,5 miliar");
        assert_eq!(scrubbed("812jt 340jt 012jt"), "•••jt •••jt •••jt");
        assert_eq!(scrubbed("0812jt 3400jt"), "••••jt ••••jt");
        assert_eq!(
            scrubbed("WA 081234001234, budget 500jt"),
            "WA ••••••••••••, budget 500jt"
        );
    }

    #[test]
    fn names_on_other_services_and_numbers_in_words_are_scrubbed() {
        assert_eq!(scrubbed("IG: budi.s ya"), "IG: ••• ya");
        assert_eq!(scrubbed("telegram saya budi_s"), "telegram saya •••");
        assert_eq!(
            scrubbed("nol delapan satu dua tiga 4 ya"),
            "••• ••• ••• ••• ••• ••• ya"
        );
        assert_eq!(scrubbed("noldelapansatudua"), "•••");
        assert_eq!(
            scrubbed("cari dua kamar, tiga kamar mandi. Pak.Budi"),
            "cari dua kamar, tiga kamar mandi. Pak.Budi"
        );
    }
}
