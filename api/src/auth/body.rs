//! Request bodies, parsed and validated as better-auth does.

use super::answer::Refusal;
use poem::http::header;
use poem::{Body, Request};
use serde_json::{Map, Value};
use shared::auth::{Change, LONGEST_NAME, Profile};

/// The longest body.
const LONGEST: usize = 64 * 1024;
/// The longest address of a picture, in bytes.
const LONGEST_IMAGE: usize = 2048;
/// The longest phone number, in bytes.
const LONGEST_PHONE: usize = 32;

/// The fields of the body; `None` if there is no body.
pub(super) async fn fields(
    request: &Request,
    body: Body,
    forms: bool,
) -> Result<Option<Map<String, Value>>, Refusal> {
    let bytes = body
        .into_bytes_limit(LONGEST)
        .await
        .map_err(|_| Refusal::InvalidJson)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let kind = request.header(header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let fields = parsed(kind, &bytes, forms)?;
    // PostgreSQL cannot store it.
    let has_nul = |value: &Value| value.as_str().is_some_and(|text| text.contains('\0'));
    let wrong: Vec<String> = fields
        .iter()
        .flatten()
        .filter(|(_, value)| has_nul(value))
        .map(|(name, _)| format!("[body.{name}] Invalid input: contains a NUL character"))
        .collect();
    if wrong.is_empty() {
        Ok(fields)
    } else {
        Err(Refusal::Fields(wrong))
    }
}

fn parsed(kind: &str, bytes: &[u8], forms: bool) -> Result<Option<Map<String, Value>>, Refusal> {
    match kind {
        "application/json" => match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Some(fields)),
            Ok(_) => Err(Refusal::Fields(vec![
                "[body] Invalid input: expected object".to_owned(),
            ])),
            Err(_) => Err(Refusal::InvalidJson),
        },
        "application/x-www-form-urlencoded" if forms => Ok(Some(form(bytes))),
        other => Err(Refusal::ContentType(other.to_owned())),
    }
}

fn form(bytes: &[u8]) -> Map<String, Value> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced)
            .decode_utf8_lossy()
            .into_owned()
    };
    String::from_utf8_lossy(bytes)
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), Value::String(decode(value))))
        .collect()
}

/// Collects the errors of all fields, to report them together.
pub(super) struct Checked {
    fields: Map<String, Value>,
    errors: Vec<String>,
}

impl Checked {
    pub(super) fn new(fields: Option<Map<String, Value>>) -> Result<Self, Refusal> {
        let missing = "[body] Invalid input: expected object, received undefined";
        let fields = fields.ok_or_else(|| Refusal::Fields(vec![missing.to_owned()]))?;
        Ok(Self {
            fields,
            errors: Vec::new(),
        })
    }

    /// A required text.
    pub(super) fn text(&mut self, name: &str) -> String {
        match self.fields.get(name) {
            Some(Value::String(text)) => text.clone(),
            other => {
                let kind = other.map_or("undefined", kind);
                self.errors.push(format!(
                    "[body.{name}] Invalid input: expected string, received {kind}"
                ));
                String::new()
            }
        }
    }

    /// A text that can be missing or null.
    pub(super) fn optional_text(&mut self, name: &str) -> Change {
        match self.fields.get(name) {
            None => Change::Keep,
            Some(Value::Null) => Change::Clear,
            Some(Value::String(text)) => Change::To(text.clone()),
            Some(other) => {
                let kind = kind(other);
                self.errors.push(format!(
                    "[body.{name}] Invalid input: expected string, received {kind}"
                ));
                Change::Keep
            }
        }
    }

    /// A flag, which a form sends as text.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.fields.get(name) {
            Some(Value::Bool(flag)) => Some(*flag),
            Some(Value::String(word)) => Some(word == "true"),
            _ => None,
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    pub(super) fn is_email(&mut self, name: &str, given: &str) {
        if self.errors.is_empty() && !looks_like_an_email(given) {
            self.errors
                .push(format!("[body.{name}] Invalid email address"));
        }
    }

    /// What users write about themselves: the rules of an admin's form. A picture is loaded by other people's browsers.
    pub(super) fn is_profile(&mut self, given: &Profile) {
        if !self.errors.is_empty() {
            return;
        }
        let mut wrong = |name: &str, what: &str| self.errors.push(format!("[body.{name}] {what}"));
        if given
            .name
            .as_ref()
            .is_some_and(|name| name.trim().is_empty())
        {
            wrong("name", "Too small: expected string to have >=1 characters");
        }
        if given
            .name
            .as_ref()
            .is_some_and(|name| name.chars().count() > LONGEST_NAME)
        {
            wrong("name", "Too big: expected string to have <=255 characters");
        }
        if let Change::To(image) = &given.image {
            let is_of_the_web = image.starts_with("https://") || image.starts_with("http://");
            if !is_of_the_web || image.len() > LONGEST_IMAGE || image.contains(char::is_whitespace)
            {
                wrong("image", "Invalid URL");
            }
        }
        if matches!(&given.phone, Change::To(phone) if phone.len() > LONGEST_PHONE) {
            wrong("phone", "Too big: expected string to have <=32 characters");
        }
    }

    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Fields(self.errors))
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// An email address: something, an at sign, and a host with a dot.
pub fn looks_like_an_email(given: &str) -> bool {
    let Some((local, host)) = given.split_once('@') else {
        return false;
    };
    let good = |c: char| c.is_ascii_alphanumeric() || "_'+-.".contains(c);
    let labels = || host.split('.');
    !local.is_empty()
        && local.chars().all(good)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && labels().count() >= 2
        && labels().all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
        && labels().next_back().is_some_and(|label| label.len() >= 2)
}
