//! Phone numbers as E.164, read by where they came from.
//!
//! The same digits mean different things: `6581234567` in a WhatsApp id is a Singapore number,
//! typed into a form it is nothing we can dial. So there are two readers, and no guess.

use crate::{Error, Result};
use std::fmt;

/// A phone number in E.164 (ITU-T E.164): a plus sign and 7 to 15 digits.
#[derive(Clone, PartialEq, Eq, Hash, sqlx::Type, serde::Serialize, serde::Deserialize)]
#[sqlx(transparent)]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// Reads what a person typed: `0812-3400-1234`, `(0812) 34001234`, `+62 (0)812…`, `812…`,
    /// `62812…`, `p:+62812…` (Meta's CSV), `0062812…` (with Indonesian carrier codes 008, 009).
    /// A number without a country is Indonesian; another country needs its plus sign.
    ///
    /// Letters are refused rather than read as a telephone keypad would.
    pub fn from_human(field: &'static str, typed: &str) -> Result<Self> {
        let bare = typed.trim();
        let bare = bare.strip_prefix("p:").unwrap_or(bare);
        let digits: String = bare
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '.' | '-'))
            .collect();
        let international = international(&digits);
        match international {
            Some(e164) if is_dialable(&e164) => Ok(Self(e164)),
            _ => Err(Error::invalid(
                field,
                "not a phone number: write it as 0812… or with its country, as +62812…",
            )),
        }
    }

    /// Reads a WhatsApp id or the user part of a JID: digits that are already international.
    /// No local rule applies, so `6581234567` is Singapore's.
    pub fn from_whatsapp_id(field: &'static str, id: &str) -> Result<Self> {
        let e164 = format!("+{}", id.trim_start_matches('+'));
        if is_e164(&e164) {
            Ok(Self(e164))
        } else {
            Err(Error::invalid(field, "not a WhatsApp number"))
        }
    }

    /// The number as it is stored and compared: `+6281234001234`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a number that is E.164 already, as the database keeps it; anything else is `None`.
    pub fn from_e164(stored: &str) -> Option<Self> {
        is_e164(stored).then(|| Self(stored.to_owned()))
    }
}

/// Digits with at most one leading plus, made international by Indonesian rules.
fn international(digits: &str) -> Option<String> {
    let (plus, body) = match digits.strip_prefix('+') {
        Some(body) => (true, body),
        None => (false, digits),
    };
    if body.is_empty() || !body.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let carrier = ["0062", "00862", "00962"]
        .iter()
        .find_map(|prefix| body.strip_prefix(prefix));
    let national = match (plus, carrier) {
        (true, _) => body.strip_prefix("62"),
        (false, Some(rest)) => Some(rest),
        (false, None) if body.starts_with('0') => Some(&body[1..]),
        (false, None) if body.starts_with('8') => Some(body),
        (false, None) => Some(body.strip_prefix("62")?),
    };
    Some(match national {
        Some(national) => format!("+62{}", national.strip_prefix('0').unwrap_or(national)),
        None => format!("+{body}"),
    })
}

fn is_dialable(e164: &str) -> bool {
    let Some(national) = e164.strip_prefix("+62") else {
        return is_e164(e164);
    };
    // libphonenumber's metadata for Indonesia: mobile 8[1-35-9], 9 to 12 digits.
    let bytes = national.as_bytes();
    match bytes {
        [b'8', second, ..] => {
            matches!(second, b'1'..=b'3' | b'5'..=b'9') && (9..=12).contains(&bytes.len())
        }
        [b'2'..=b'7' | b'9', ..] => (8..=11).contains(&bytes.len()),
        _ => false,
    }
}

fn is_e164(candidate: &str) -> bool {
    matches!(candidate.as_bytes(), [b'+', b'1'..=b'9', rest @ ..]
        if (6..=14).contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit))
}

impl fmt::Display for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Personal data stays out of logs: only the last two digits are shown.
impl fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Phone(…{})", &self.0[self.0.len() - 2..])
    }
}

#[cfg(test)]
mod tests {
    use super::Phone;

    #[test]
    fn what_people_type_becomes_e164() {
        for typed in [
            "081234001234",
            "812 3400 1234",
            "(0812) 3400-1234",
            "+62 (0)812 3400 1234",
            "p:+6281234001234",
            "6281234001234",
            "006281234001234",
            "0086281234001234",
        ] {
            let phone = Phone::from_human("phone", typed).expect(typed);
            assert_eq!(phone.as_str(), "+6281234001234", "{typed}");
        }
        let landline = Phone::from_human("phone", "021-5550123").expect("landline");
        assert_eq!(landline.as_str(), "+62215550123");
        let abroad = Phone::from_human("phone", "+65 8123 4567").expect("abroad");
        assert_eq!(abroad.as_str(), "+6581234567");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for typed in [
            "",
            "62812xxxxxxx",
            "6581234567",
            "0812345",
            "08123456789012345",
            "+",
            "++6281",
            "628123@s.whatsapp.net",
        ] {
            assert!(Phone::from_human("phone", typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_whatsapp_id_is_international_already() {
        let phone = Phone::from_whatsapp_id("from", "6581234567").expect("a wa_id");
        assert_eq!(phone.as_str(), "+6581234567");
        assert!(Phone::from_whatsapp_id("from", "US.13491208655302741918").is_err());
    }

    #[test]
    fn a_number_is_never_logged_whole() {
        let phone = Phone::from_human("phone", "081234001234").expect("phone");
        assert_eq!(format!("{phone:?}"), "Phone(…34)");
    }
}
