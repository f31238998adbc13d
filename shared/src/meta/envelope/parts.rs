//! What a reader of deliveries needs to know, and what it could not read.

use crate::phone::Phone;

/// A part of a delivery that could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::meta) struct Unread {
    /// Where in the delivery, for example `entry/0/changes/1/messages/0`. Empty: the whole delivery.
    pub(in crate::meta) place: String,
    /// Why.
    pub(in crate::meta) reason: Reason,
}

impl Unread {
    /// A delivery that cannot be read at all.
    pub(in crate::meta) fn whole(reason: Reason) -> Self {
        let place = String::new();
        Self { place, reason }
    }
}

/// Why a part of a delivery could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::meta) enum Reason {
    /// The body is no JSON.
    NotJson,
    /// The body is no delivery of the kind that its path is for.
    NotADelivery,
    /// The change contains nothing that is documented for it.
    NothingInIt,
    /// The change is about a number of the account that is not ours.
    AnotherNumber,
    /// The message has no id.
    NoId,
    /// The message has no sender that can be answered.
    NoSender,
    /// The status, edit, echo or changed number has not the documented form.
    Malformed,
}

impl Reason {
    /// The value in the database and in the API.
    pub(in crate::meta) fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::NotADelivery => "not_a_delivery",
            Self::NothingInIt => "nothing_in_it",
            Self::AnotherNumber => "another_number",
            Self::NoId => "no_id",
            Self::NoSender => "no_sender",
            Self::Malformed => "malformed",
        }
    }
}

/// The company's own number on WhatsApp.
#[derive(Clone, Copy)]
pub(in crate::meta) struct Ours<'app> {
    /// Meta's id of the number. `None`: every number of the app is ours.
    pub(in crate::meta) phone_number_id: Option<&'app str>,
    /// The number.
    pub(in crate::meta) phone: &'app Phone,
}
