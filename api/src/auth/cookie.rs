//! better-auth's signed cookies, byte for byte: `encodeURIComponent(value + "." + base64(HMAC-SHA256))`.

use super::settings::Auth;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha2::Sha256;
use shared::auth::{SESSION_LASTS, Session};
use shared::uri;
use std::fmt::Write;
use subtle::ConstantTimeEq;

/// The name of the session's cookie, without the prefix that it has under https.
pub(super) const SESSION: &str = "better-auth.session_token";
/// The most tokens of one request that are looked up.
const MOST_TOKENS: usize = 4;
/// Marks a session that ends with the browser.
pub(super) const DONT_REMEMBER: &str = "better-auth.dont_remember";
/// Names a sign-in that waits for a code.
pub(super) const TWO_FACTOR: &str = "better-auth.two_factor";
/// Names a device that is not asked for a code.
pub(super) const TRUST_DEVICE: &str = "better-auth.trust_device";
/// Other cookies that better-auth may have set.
pub(super) const SESSION_DATA: &str = "better-auth.session_data";
/// The name's prefix for cookies that are sent over https only (RFC 6265bis, 4.1.3.1).
pub(super) const SECURE_PREFIX: &str = "__Secure-";

fn signature(secret: &[u8], value: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length will do");
    mac.update(value.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Encodes a value for a cookie.
fn sign(secret: &[u8], value: &str) -> String {
    uri::encode_component(&format!("{value}.{}", signature(secret, value)))
}

/// The value of a signed cookie, encoded or not, quoted or not; `None` if the signature is not ours.
pub(super) fn verify(secret: &[u8], cookie: &str) -> Option<String> {
    let unquoted = cookie
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(cookie);
    let decoded = if unquoted.contains('%') {
        percent_decode_str(unquoted)
            .decode_utf8()
            .ok()?
            .into_owned()
    } else {
        unquoted.to_owned()
    };
    let (value, given) = decoded.rsplit_once('.')?;
    if value.is_empty() {
        return None;
    }
    let genuine = signature(secret, value).as_bytes().ct_eq(given.as_bytes());
    bool::from(genuine).then(|| value.to_owned())
}

/// Every cookie with this name in a `Cookie` header, as sent. A browser can send several: of the host and of its
/// domain, or of two paths (RFC 6265, 5.4).
pub(super) fn all_named<'header>(
    header: &'header str,
    name: &'header str,
) -> impl Iterator<Item = &'header str> {
    header
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim())
}

/// The first cookie with this name in a `Cookie` header, as sent.
pub(super) fn named<'header>(header: &'header str, name: &'header str) -> Option<&'header str> {
    all_named(header, name).next()
}

/// Every cookie of ours with this name in a `Cookie` header, as sent: the one that is sent over https only first.
///
/// Under https only that one counts: a page that is reached without https can set the other one for a whole domain
/// (RFC 6265bis, 8.6).
pub(super) fn ours(auth: &Auth, header: &str, name: &str) -> Vec<String> {
    let secure = format!("{SECURE_PREFIX}{name}");
    let plain = all_named(header, name).filter(|_| !auth.is_secure());
    all_named(header, &secure)
        .chain(plain)
        .filter_map(|cookie| {
            auth.accepted_secrets()
                .find_map(|secret| verify(secret, cookie))
        })
        .collect()
}

/// The tokens of sessions in a `Cookie` header whose signature is ours. A stale one can come before the good one.
pub(super) fn session_tokens(auth: &Auth, header: &str) -> Vec<String> {
    let mut tokens = ours(auth, header, SESSION);
    let mut seen = std::collections::HashSet::new();
    tokens.retain(|token| seen.insert(token.clone()));
    tokens.truncate(MOST_TOKENS);
    tokens
}

/// Whether a `Cookie` header marks a session that ends with the browser.
pub(super) fn ends_with_browser(auth: &Auth, header: &str) -> bool {
    !ours(auth, header, DONT_REMEMBER).is_empty()
}

/// `Set-Cookie` for a signed value, with a lifetime in seconds or until the browser is closed.
pub(super) fn set(auth: &Auth, name: &str, value: &str, seconds: Option<i64>) -> String {
    written(auth, name, &sign(auth.secret(), value), seconds)
}

/// `Set-Cookie` headers that remove every cookie of sign-in.
pub(super) fn clear(auth: &Auth) -> [String; 3] {
    [SESSION, SESSION_DATA, DONT_REMEMBER].map(|name| remove(auth, name))
}

/// The `Set-Cookie` header that removes a cookie.
pub(super) fn remove(auth: &Auth, name: &str) -> String {
    written(auth, name, "", Some(0))
}

fn written(auth: &Auth, name: &str, value: &str, seconds: Option<i64>) -> String {
    let prefix = if auth.is_secure() { SECURE_PREFIX } else { "" };
    let mut cookie = format!("{prefix}{name}={value}");
    if let Some(seconds) = seconds {
        let _ = write!(cookie, "; Max-Age={seconds}");
    }
    cookie.push_str("; Path=/; HttpOnly");
    if auth.is_secure() {
        cookie.push_str("; Secure");
    }
    cookie.push_str("; SameSite=Lax");
    cookie
}

/// The cookies of a session: its token, and whether it ends with the browser.
pub(super) fn of_session(auth: &Auth, session: &Session, remember: bool) -> Vec<String> {
    if remember {
        let lasts = Some(SESSION_LASTS.num_seconds());
        return vec![set(auth, SESSION, &session.token, lasts)];
    }
    vec![
        set(auth, SESSION, &session.token, None),
        set(auth, DONT_REMEMBER, "true", None),
    ]
}

impl Auth {
    /// The `Cookie` header of a session's token, as a browser sends it.
    pub fn cookie_of(&self, token: &str) -> String {
        let set = set(self, SESSION, token, None);
        set.split(';').next().unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{named, sign, verify};

    #[test]
    fn cookies_are_signed_as_better_auth_signs_them() {
        let file = include_str!("../../tests/fixtures/signed-cookies.json");
        let vectors: serde_json::Value = serde_json::from_str(file).expect("JSON");
        let vectors = vectors["vectors"].as_array().expect("vectors");
        assert!(vectors.len() > 10);
        for vector in vectors {
            let text = |key: &str| vector[key].as_str().expect("a text");
            let (secret, value) = (text("secret").as_bytes(), text("value"));
            let cookie = sign(secret, value);
            assert_eq!(cookie, text("cookie_value_encoded"));
            let expected = (!value.is_empty()).then(|| value.to_owned());
            assert_eq!(verify(secret, &cookie), expected);
            assert_eq!(verify(b"another secret", &cookie), None);
        }
    }

    #[test]
    fn the_first_cookie_of_a_name_counts() {
        assert_eq!(named("a=1; b=\"2\"; a=3", "a"), Some("1"));
        assert_eq!(named("a=1; b=\"2\"", "b"), Some("\"2\""));
        assert_eq!(named("ab=1", "a"), None);
    }
}
