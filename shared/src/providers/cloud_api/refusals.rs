//! Meta's error codes, and how we react to each.
//!
//! Source: developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
//! (15 May 2026): "build your app's error handling logic around error codes and details".

use std::ops::RangeInclusive;

/// How we react to a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Try again, with growing pauses.
    Transient,
    /// We send too much in total. Wait a little.
    TooQuick,
    /// We send too much to this person. Wait for the pair limit.
    Pair,
    /// The recipient has not written for 24 hours. Use a template, in the same attempt.
    Window,
    /// The recipient cannot be reached. Offer the lead to the next agent now.
    Recipient,
    /// Meta does not deliver to this recipient today. Do not try again.
    NotToday,
    /// Our account is blocked. Stop, and notify a person.
    Account,
    /// Our token is invalid. Stop, and notify a person; no deadline passes meanwhile.
    Token,
    /// The template is missing, paused or has wrong parameters. Use text if the window is open.
    Template,
    /// This message is invalid and always will be.
    Message,
}

/// The codes in ascending order.
pub(super) const TABLE: [(RangeInclusive<i64>, Class); 42] = [
    (0..=0, Class::Token),
    (1..=2, Class::Transient),
    (3..=3, Class::Token),
    (4..=4, Class::TooQuick),
    (10..=10, Class::Token),
    (33..=33, Class::Account),
    (190..=190, Class::Token),
    (200..=299, Class::Token),
    (368..=368, Class::Account),
    (80_007..=80_007, Class::TooQuick),
    (130_429..=130_429, Class::TooQuick),
    (130_472..=130_472, Class::NotToday),
    // The recipient is in a country that our account cannot send to.
    (130_497..=130_497, Class::Recipient),
    (131_000..=131_000, Class::Transient),
    (131_005..=131_005, Class::Token),
    (131_008..=131_009, Class::Message),
    (131_016..=131_016, Class::Transient),
    (131_021..=131_021, Class::Recipient),
    (131_026..=131_026, Class::Recipient),
    (131_030..=131_030, Class::Recipient),
    (131_031..=131_031, Class::Account),
    (131_037..=131_037, Class::Account),
    (131_042..=131_042, Class::Account),
    (131_045..=131_045, Class::Account),
    (131_047..=131_047, Class::Window),
    (131_048..=131_048, Class::Account),
    (131_049..=131_050, Class::NotToday),
    (131_051..=131_053, Class::Message),
    (131_056..=131_056, Class::Pair),
    (131_057..=131_057, Class::Transient),
    (131_062..=131_062, Class::Recipient),
    (131_064..=131_064, Class::Account),
    (132_000..=132_000, Class::Template),
    (132_001..=132_001, Class::Template),
    (132_005..=132_005, Class::Template),
    (132_007..=132_007, Class::Template),
    (132_008..=132_008, Class::Template),
    (132_012..=132_012, Class::Template),
    (132_015..=132_015, Class::Template),
    (132_016..=132_016, Class::Template),
    (133_004..=133_004, Class::Transient),
    // Our own number is not registered.
    (133_010..=133_010, Class::Account),
];

/// How we react to a code. A code that is not in the table makes the message invalid, unless Meta calls it
/// transient.
pub fn class_of(code: i64, transient: bool) -> Class {
    TABLE
        .iter()
        .find(|(codes, _)| codes.contains(&code))
        .map_or(
            if transient {
                Class::Transient
            } else {
                Class::Message
            },
            |(_, class)| *class,
        )
}

#[cfg(test)]
mod tests {
    use super::{Class, TABLE, class_of};

    #[test]
    fn a_code_asks_for_one_thing() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].0.end() < pair[1].0.start(), "{pair:?}");
        }
        assert_eq!(class_of(131_047, false), Class::Window);
        assert_eq!(class_of(131_026, false), Class::Recipient);
        assert_eq!(class_of(190, false), Class::Token);
        assert_eq!(class_of(999_999, false), Class::Message);
        assert_eq!(class_of(999_999, true), Class::Transient);
    }
}
