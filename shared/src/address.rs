//! How a person is reached on WhatsApp.

use crate::phone::Phone;
use std::fmt;

/// A phone number, or an id that WhatsApp uses if it does not disclose the number: a business-scoped user id
/// ("BSUID", Meta 2026) or a linked device's id ("LID"). These ids are opaque and never parsed as numbers.
#[derive(Clone, PartialEq, Eq, Hash, sqlx::Type, serde::Serialize, serde::Deserialize)]
#[sqlx(transparent)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// Parses a BSUID: two letters, a dot, up to 128 letters and digits.
    pub fn from_bsuid(id: &str) -> Option<Self> {
        let (country, rest) = id.split_once('.')?;
        let fits = country.len() == 2
            && country.bytes().all(|b| b.is_ascii_uppercase())
            && (1..=128).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then(|| Self(format!("bsuid:{id}")))
    }

    /// Parses a LID: the user part of an `@lid` address.
    pub fn from_lid(id: &str) -> Option<Self> {
        let fits = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| Self(format!("lid:{id}")))
    }

    /// The phone number, if it is one.
    pub fn phone(&self) -> Option<Phone> {
        Phone::from_e164(&self.0)
    }

    /// The BSUID, if it is one.
    pub fn bsuid(&self) -> Option<&str> {
        self.0.strip_prefix("bsuid:")
    }

    /// The kind, as it is stored in the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Phone> for Address {
    fn from(phone: Phone) -> Self {
        Self(phone.as_str().to_owned())
    }
}

impl From<&Phone> for Address {
    fn from(phone: &Phone) -> Self {
        Self(phone.as_str().to_owned())
    }
}

impl PartialEq<Phone> for Address {
    fn eq(&self, phone: &Phone) -> bool {
        self.0 == phone.as_str()
    }
}

/// Shows only the kind, because a log must not contain personal data.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0.split_once(':') {
            Some((kind, _)) => kind,
            None => "phone",
        };
        write!(formatter, "Address({kind})")
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_id_is_never_a_number() {
        let bsuid = Address::from_bsuid("ID.13491208655302741918").expect("a BSUID");
        assert_eq!(bsuid.as_str(), "bsuid:ID.13491208655302741918");
        assert_eq!(bsuid.bsuid(), Some("ID.13491208655302741918"));
        assert_eq!(bsuid.phone(), None);
        assert!(Address::from_bsuid("6281234001234").is_none());
        assert!(Address::from_bsuid("ID.").is_none());
        assert!(Address::from_lid("6281234001234@lid").is_none());
        assert_eq!(Address::from_lid("123").expect("a LID").phone(), None);
    }
}
