//! The codes: of an authenticator app (RFC 6238), and the ones to use when the phone is lost.

use crate::auth::begin::letters_and_digits;
use crate::uri::encode_component;
use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq;
use totp_rs::{Builder, Secret, Totp};

/// How long a code of an app lasts, in seconds.
const PERIOD: u64 = 30;
/// How many periods a clock may be wrong, in each direction.
const SKEW: u16 = 1;
/// How many backup codes there are.
const BACKUP_CODES: usize = 10;
/// Begins a secret that another provider made: the rest is Base32.
const BASE32: &str = "base32:";
/// A new secret of an app.
pub(super) fn new_secret() -> String {
    letters_and_digits(32)
}

/// New backup codes: `abcde-fghij`.
pub(super) fn new_backup_codes() -> Vec<String> {
    let code = |_| format!("{}-{}", letters_and_digits(5), letters_and_digits(5));
    (0..BACKUP_CODES).map(code).collect()
}

/// The other codes, if this is one of them.
pub(super) fn without_backup_code(codes: &[String], given: &str) -> Option<Vec<String>> {
    let is_it = |code: &String| bool::from(code.as_bytes().ct_eq(given.as_bytes()));
    let mut is_one = false;
    let mut others = Vec::with_capacity(codes.len());
    for code in codes {
        if is_it(code) {
            is_one = true;
        } else {
            others.push(code.clone());
        }
    }
    is_one.then_some(others)
}

/// The period that this code of an app belongs to, if it is right now, or was or will be half a minute from now.
pub(super) fn period_of_code(secret: &str, given: &str, now: DateTime<Utc>) -> Option<i64> {
    let seconds = u64::try_from(now.timestamp()).ok()?;
    let matched = app(secret)?.check(given, seconds)?;
    i64::try_from(matched).ok()
}

/// The code that an app shows now.
#[cfg(any(test, feature = "testing"))]
pub(super) fn code_at(secret: &str, now: DateTime<Utc>) -> String {
    let seconds = u64::try_from(now.timestamp()).expect("after 1970");
    app(secret).expect("a secret").generate(seconds).to_string()
}

fn app(secret: &str) -> Option<Totp> {
    let secret = match secret.strip_prefix(BASE32) {
        Some(encoded) => Secret::try_from_base32(encoded.to_uppercase()).ok()?,
        None => Secret::from(secret.as_bytes().to_vec()),
    };
    let app = Builder::new()
        .with_secret(secret)
        .with_skew(SKEW)
        .with_step_duration(PERIOD);
    Some(app.build_noncompliant())
}

/// The address that an authenticator app reads from a QR code (Google's Key Uri Format, as better-auth writes it).
pub(super) fn address(secret: &str, issuer: &str, account: &str) -> Option<String> {
    let secret = app(secret)?.secret().to_base32();
    let issuer_in_query = encode_component(issuer).replace("%20", "+");
    Some(format!(
        "otpauth://totp/{}:{}?secret={secret}&issuer={issuer_in_query}&digits=6&period={PERIOD}",
        encode_component(issuer),
        encode_component(account)
    ))
}

#[cfg(test)]
mod tests {
    use super::{address, new_backup_codes, period_of_code, without_backup_code};
    use chrono::DateTime;

    /// RFC 6238, appendix B: the last six digits of its SHA-1 values.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = "12345678901234567890";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (2_000_000_000, "279037"),
        ] {
            let at = |seconds: i64| DateTime::from_timestamp(seconds, 0).expect("a time");
            let period = Some(seconds / 30);
            assert_eq!(period_of_code(secret, code, at(seconds)), period);
            assert_eq!(
                period_of_code(secret, code, at(seconds + 30)),
                period,
                "late"
            );
            assert_eq!(
                period_of_code(secret, code, at(seconds - 30)),
                period,
                "early"
            );
            assert_eq!(period_of_code(secret, code, at(seconds + 90)), None);
            let encoded = "base32:gezdgnbvgy3tqojqgezdgnbvgy3tqojq";
            assert_eq!(
                period_of_code(encoded, code, at(seconds)),
                period,
                "of another provider"
            );
        }
    }

    #[test]
    fn a_code_that_is_no_code_is_wrong() {
        let at = DateTime::from_timestamp(59, 0).expect("a time");
        for given in ["", "28708", "2870822", " 287082", "２８７０８２", "-87082"] {
            assert_eq!(
                period_of_code("12345678901234567890", given, at),
                None,
                "{given}"
            );
        }
    }

    #[test]
    fn a_backup_code_is_used_up() {
        let codes = new_backup_codes();
        let left = without_backup_code(&codes, &codes[3]).expect("one of them");
        assert_eq!(left.len(), 9);
        assert_eq!(without_backup_code(&left, &codes[3]), None);
        assert_eq!(without_backup_code(&left, ""), None);
    }

    #[test]
    fn the_address_is_better_auths() {
        assert_eq!(
            address(
                "12345678901234567890",
                "Property Lounge",
                "admin@example.com"
            )
            .as_deref(),
            Some(
                "otpauth://totp/Property%20Lounge:admin%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Property+Lounge&digits=6&period=30"
            )
        );
    }
}
