//! What an agent who does not own a lead can see of its client, with `DISTRIBUTION_MASK_OFFERS`: enough to
//! want the lead, not enough to call.

use crate::App;
use crate::leads::{self, Lead};
use std::borrow::Cow;

/// The character that replaces a digit.
const DOT: char = '•';

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

/// A client's message without digits, addresses and links.
pub fn scrubbed(words: &str) -> String {
    let mut scrubbed = String::with_capacity(words.len());
    for word in words.split_inclusive(char::is_whitespace) {
        let text = word.trim_end();
        if text.contains('@') || text.contains("://") || text.to_lowercase().contains("wa.me") {
            scrubbed.extend(std::iter::repeat_n(DOT, 3));
            scrubbed.push_str(&word[text.len()..]);
        } else {
            scrubbed.extend(word.chars().map(|c| if c.is_numeric() { DOT } else { c }));
        }
    }
    scrubbed
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
    }
}
