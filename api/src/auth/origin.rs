//! Checks of a request's origin (better-auth 1.7's rules): a foreign page can make the browser send a cookie
//! without its owner's intent.

use super::answer::Refusal;
use super::settings::Auth;
use poem::http::Uri;
use poem::http::{HeaderMap, header};

fn text<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The origin of the page: `Origin`, else that of `Referer`. `null` is trusted by nothing.
fn sender(headers: &HeaderMap) -> Option<String> {
    match text(headers, header::ORIGIN.as_str()) {
        Some("null") => None,
        Some(origin) => Some(origin.to_owned()),
        None => text(headers, header::REFERER.as_str()).and_then(origin_of),
    }
}

/// Whether the page came from the host that the request goes to: the desk, at whatever address it was opened.
///
/// A browser sets both headers, and no page can change them. A page of a foreign name that resolves to this server has a
/// host of its own, so that it has none of our cookies.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let page = origin.split_once("://").map(|(_, host)| host);
    page.is_some() && page == text(headers, header::HOST.as_str())
}

/// Rejects a request that changes something, has cookies, and does not come from a trusted page.
pub(super) fn check_cookied(auth: &Auth, headers: &HeaderMap) -> Result<(), Refusal> {
    match sender(headers) {
        None => Err(Refusal::MissingOrigin),
        Some(origin) if auth.trusts(&origin) || is_own(&origin, headers) => Ok(()),
        Some(_) => Err(Refusal::InvalidOrigin),
    }
}

/// The same for every request that signs a user in or up. A program without an origin is accepted.
pub(super) fn check_sign_in(auth: &Auth, headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(header::COOKIE) {
        return check_cookied(auth, headers);
    }
    let site = text(headers, "sec-fetch-site");
    if site == Some("cross-site") && text(headers, "sec-fetch-mode") == Some("navigate") {
        return Err(Refusal::CrossSiteNavigation);
    }
    let names = [
        "sec-fetch-site",
        "sec-fetch-mode",
        "sec-fetch-dest",
        "origin",
        "referer",
    ];
    if names.iter().any(|name| headers.contains_key(*name)) {
        return check_cookied(auth, headers);
    }
    Ok(())
}

/// Whether a redirect to this address is allowed after sign-in: a path of ours, or a trusted page.
pub(super) fn may_call_back(auth: &Auth, address: &str) -> bool {
    if let Some(origin) = origin_of(address) {
        return auth.trusts(&origin);
    }
    let Some(rest) = address.strip_prefix('/') else {
        return false;
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let lower = path.to_ascii_lowercase();
    let escapes = ["/", "\\", "%2f", "%5c"]
        .iter()
        .any(|start| lower.starts_with(start));
    let plain = |text: &str, more: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || more.contains(c))
    };
    !escapes && plain(path, "-.+/@") && plain(query, "-.+/=&%@")
}

/// Whether an origin matches a trusted one, in which `*` matches everything but a slash.
pub(super) fn fits(trusted: &str, origin: &str) -> bool {
    let Some((before, after)) = trusted.split_once('*') else {
        return trusted.trim_end_matches('/') == origin;
    };
    let Some(rest) = origin.strip_prefix(before) else {
        return false;
    };
    (0..=rest.len())
        .filter(|end| rest.is_char_boundary(*end) && !rest[..*end].contains('/'))
        .any(|end| fits(after, &rest[end..]))
}

impl Auth {
    /// Whether pages of this origin can use the api with its cookie.
    pub fn trusts(&self, origin: &str) -> bool {
        origin_of(&self.0.url).is_some_and(|own| own == origin)
            || self.0.trusted.iter().any(|trusted| fits(trusted, origin))
    }
}

/// The origin of a URL: `https://host:port`.
fn origin_of(address: &str) -> Option<String> {
    let uri: Uri = address.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_part_of_a_host() {
        assert!(fits("https://app.example.com", "https://app.example.com"));
        assert!(fits("https://*.example.com", "https://a.b.example.com"));
        assert!(!fits(
            "https://*.example.com",
            "https://example.com.evil.test"
        ));
        assert!(!fits(
            "https://*.example.com",
            "https://evil.test/.example.com"
        ));
        assert!(!fits("https://app.example.com", "http://app.example.com"));
    }
}
