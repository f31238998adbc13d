//! Whether a delivery is Meta's: `X-Hub-Signature-256` is the HMAC-SHA256 of the received bytes under the
//! app's secret (developers.facebook.com/docs/graph-api/webhooks/getting-started).

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// The header's name.
pub const HEADER: &str = "x-hub-signature-256";

/// Whether `header` signs `body` under one of these secrets; there are several while one replaces another.
/// All are compared, in constant time. Without a secret, no delivery is authentic.
pub fn is_authentic(secrets: &[SecretString], body: &[u8], header: Option<&str>) -> bool {
    let Some(given) = header
        .and_then(|header| header.strip_prefix("sha256="))
        .and_then(|digest| hex::decode(digest).ok())
    else {
        return false;
    };
    let mut authentic = Choice::from(0);
    for secret in secrets {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
            continue;
        };
        mac.update(body);
        authentic |= mac.finalize().into_bytes().as_slice().ct_eq(&given);
    }
    authentic.into()
}

/// Whether two secrets are equal, in constant time for equal lengths.
pub fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// The header that signs `body`.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length will do");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::is_authentic;
    use secrecy::SecretString;

    #[test]
    fn metas_vectors_are_authentic_and_nothing_else_is() {
        let secrets = [
            SecretString::from("another"),
            SecretString::from("test-app-secret"),
        ];
        for (body, header) in [
            (
                &include_bytes!("../../tests/fixtures/meta/hmac_plain.bin")[..],
                "sha256=1a82db3abc2fa71a3fffecfedef579a8468a44850cd8a83a0c56974faff81689",
            ),
            (
                &include_bytes!("../../tests/fixtures/meta/hmac_empty.bin")[..],
                "sha256=a7dfadfa864dba471c925e814eca5ee032a7ded01574b16ac33dd477b5d6d0f7",
            ),
        ] {
            assert!(is_authentic(&secrets, body, Some(header)));
            assert!(!is_authentic(&secrets[..1], body, Some(header)));
            assert!(!is_authentic(&[], body, Some(header)));
            assert!(!is_authentic(&secrets, b"another body", Some(header)));
            assert!(!is_authentic(&secrets, body, None));
            assert!(!is_authentic(&secrets, body, Some(&header[7..])));
            assert!(!is_authentic(&secrets, body, Some("sha256=00")));
        }
    }
}
