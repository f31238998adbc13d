//! A phone number.

use super::country;
use crate::{Error, Result};
use std::fmt;

/// A phone number in E.164 (ITU-T E.164): a plus sign and 7 to 15 digits.
#[derive(Clone, PartialEq, Eq, Hash, sqlx::Type, serde::Serialize, serde::Deserialize)]
#[sqlx(transparent)]
#[serde(transparent)]
pub struct Phone(pub(super) String);

impl Phone {
    /// Reads a WhatsApp id or the user part of a JID: digits that are already international.
    /// No local rule applies, so `6581234567` is a number of Singapore.
    ///
    /// Mexico and Argentina have two spellings of one mobile number. Both become the same number.
    pub fn from_whatsapp_id(field: &'static str, id: &str) -> Result<Self> {
        let e164 = format!("+{}", id.trim_start_matches('+'));
        if is_e164(&e164) {
            Ok(Self(country::one_spelling(e164)))
        } else {
            Err(Error::invalid(field, "not a WhatsApp number"))
        }
    }

    /// The number as it is stored and compared: `+6281234001234`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits without the plus sign, as WhatsApp's links and ids write them.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// Reads a number that is E.164 already, as the database stores it. `None` for anything else.
    pub fn from_e164(stored: &str) -> Option<Self> {
        is_e164(stored).then(|| Self(stored.to_owned()))
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
