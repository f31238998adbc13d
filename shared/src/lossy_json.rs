//! JSON of other systems, read so that one bad string or number costs only itself.
//!
//! `serde_json` refuses a whole document for one unpaired surrogate, one byte that is no UTF-8 or one number
//! that is out of range. Meta's deliveries have contained all of these. So the text is mended before it is
//! parsed.

use serde_json::Value;

/// The character that replaces what cannot be read.
const REPLACEMENT: &str = "\u{fffd}";

/// Parses JSON from another system.
///
/// Broken UTF-8, unpaired surrogates, NUL (PostgreSQL cannot store it) and unknown escapes become U+FFFD.
/// A control character inside a string becomes a space. A number that fits neither 64 bits nor a finite
/// double, or is malformed, becomes its text. Fails if the document is no JSON even then.
pub fn parse(bytes: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_str(&mended(&String::from_utf8_lossy(bytes)))
}

/// The document with its strings and numbers mended.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '"' => string(&rest[1..], &mut mended),
            '-' | '+' | '.' | '0'..='9' => number(rest, &mut mended),
            other => {
                mended.push(other);
                &rest[other.len_utf8()..]
            }
        };
    }
    mended
}

/// Copies a string, from after its opening quote to its closing one. Returns the rest of the document.
fn string<'text>(text: &'text str, mended: &mut String) -> &'text str {
    mended.push('"');
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '"' => {
                mended.push('"');
                return after;
            }
            '\\' => rest = escape(after, mended),
            _ => {
                mended.push(if c.is_control() && u32::from(c) < 0x20 {
                    ' '
                } else {
                    c
                });
                rest = after;
            }
        }
    }
    rest
}

/// Copies one escape, from after its backslash. Returns the rest.
fn escape<'text>(text: &'text str, mended: &mut String) -> &'text str {
    let Some(kind) = text.chars().next() else {
        return text;
    };
    let after = &text[kind.len_utf8()..];
    match kind {
        '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {
            mended.push('\\');
            mended.push(kind);
            after
        }
        'u' => unicode_escape(after, mended),
        _ => {
            mended.push_str(REPLACEMENT);
            after
        }
    }
}

/// Copies the escape of one character, with its second half if it is a pair. Returns the rest.
fn unicode_escape<'text>(text: &'text str, mended: &mut String) -> &'text str {
    let Some(unit) = unit(text) else {
        mended.push_str(REPLACEMENT);
        return text;
    };
    let after = &text[4..];
    match unit {
        0 | 0xdc00..=0xdfff => mended.push_str(REPLACEMENT),
        0xd800..=0xdbff => {
            let low = after.strip_prefix("\\u").and_then(self::unit);
            if !low.is_some_and(|low| (0xdc00..=0xdfff).contains(&low)) {
                mended.push_str(REPLACEMENT);
                return after;
            }
            mended.push_str("\\u");
            mended.push_str(&text[..4]);
            mended.push_str(&after[..6]);
            return &after[6..];
        }
        _ => {
            mended.push_str("\\u");
            mended.push_str(&text[..4]);
        }
    }
    after
}

/// The UTF-16 unit of four hexadecimal digits.
fn unit(text: &str) -> Option<u16> {
    let digits = text.get(..4)?;
    digits
        .bytes()
        .all(|b| b.is_ascii_hexdigit())
        .then(|| u16::from_str_radix(digits, 16).ok())?
}

/// Copies a number, or its text if it cannot be represented. Returns the rest.
fn number<'text>(text: &'text str, mended: &mut String) -> &'text str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if is_representable(number) {
        mended.push_str(number);
    } else {
        mended.push('"');
        mended.push_str(number);
        mended.push('"');
    }
    rest
}

/// Whether `serde_json` reads the number without losing a digit of an integer.
fn is_representable(number: &str) -> bool {
    let is_integer = number
        .trim_start_matches('-')
        .bytes()
        .all(|b| b.is_ascii_digit());
    match serde_json::from_str::<Value>(number) {
        Ok(Value::Number(read)) => !is_integer || read.is_i64() || read.is_u64(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(text: &[u8]) -> Value {
        parse(text).expect("JSON")
    }

    #[test]
    fn a_bad_string_costs_only_its_bad_character() {
        assert_eq!(
            read(br#"{"a":"Budi \ud83d","b":"ok"}"#),
            json!({"a": "Budi \u{fffd}", "b": "ok"})
        );
        assert_eq!(
            read(br#"["\udc00x","\ud83d\ud83d\ude00","\ud83d\n"]"#),
            json!(["\u{fffd}x", "\u{fffd}😀", "\u{fffd}\n"])
        );
        assert_eq!(
            read(b"[\"Halo \xf0\x9f\x98\",\"b\"]"),
            json!(["Halo \u{fffd}", "b"])
        );
        assert_eq!(
            read(br#"["\u0000a","\x41","\u12","a\u00"]"#),
            json!(["\u{fffd}a", "\u{fffd}41", "\u{fffd}12", "a\u{fffd}00"])
        );
        assert_eq!(read(b"[\"a\nb\"]"), json!(["a b"]));
    }

    #[test]
    fn a_number_that_cannot_be_represented_is_kept_as_text() {
        assert_eq!(
            read(b"[1e999,-1e999,123456789012345678901234567890,007,1.2.3,-,1,1.5,-7,18446744073709551615]"),
            json!(["1e999", "-1e999", "123456789012345678901234567890", "007", "1.2.3", "-", 1, 1.5, -7, u64::MAX])
        );
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for text in ["", "{", "[1,", "{\"a\":}", "nul", "\"open"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[^\u{0}]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn good_json_is_read_as_it_is(value in any_json()) {
            let text = value.to_string();
            prop_assert_eq!(parse(text.as_bytes()).expect("JSON"), value);
        }

        /// A string that is cut or broken anywhere leaves its neighbours as they are.
        #[test]
        fn a_neighbour_is_never_lost(bad in "(\\\\u[0-9a-fd-fD]{0,4}|[a-z ]|\\\\x|\\\\n){0,6}", raw in prop::collection::vec(0x80_u8..=0xff, 0..4)) {
            let mut text = br#"{"bad":""#.to_vec();
            text.extend(bad.as_bytes());
            text.extend(raw);
            text.extend(br#"","good":"Halo"}"#);
            prop_assert_eq!(&read(&text)["good"], "Halo");
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _read = parse(&bytes);
        }
    }
}
