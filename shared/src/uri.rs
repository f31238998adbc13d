//! Texts in addresses and cookies.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that `encodeURIComponent` does not change (ECMA-262, 19.2.6.4).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A text as `encodeURIComponent` writes it in a browser.
pub fn encode_component(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}
