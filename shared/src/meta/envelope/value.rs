//! Reading single values of Meta's JSON. A value of another type than documented is taken if its meaning is clear.

use crate::address::Address;
use crate::phone::Phone;
use crate::whatsapp::clean;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// The elements of an array. None if it is no array.
pub(in crate::meta) fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text that is not empty. A number is its text.
pub(in crate::meta) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => clean(text),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// A whole number, as a number or as text.
pub(in crate::meta) fn integer(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

/// A Unix time in seconds, as text or as a number.
pub(in crate::meta) fn time(value: &Value) -> Option<DateTime<Utc>> {
    let seconds = integer(value)?;
    // Up to the year 9999, which PostgreSQL can store.
    DateTime::from_timestamp(seconds, 0).filter(|_| (0..=253_402_300_799).contains(&seconds))
}

/// The number of a WhatsApp id.
pub(super) fn phone(value: &Value) -> Option<Phone> {
    Phone::from_whatsapp_id("wa_id", text(value)?.trim()).ok()
}

/// The BSUID. WhatsApp can write it where a number is documented.
pub(super) fn bsuid(value: &Value) -> Option<Address> {
    value.as_str().and_then(|id| Address::from_bsuid(id.trim()))
}
