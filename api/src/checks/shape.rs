//! The parameters and bodies of every operation, read from our own OpenAPI document.

use poem::http::Method;
use serde_json::Value;
use std::fmt;

/// A wrong part of a request: the field as the request spells it, and what is wrong.
pub(super) type Wrong = (String, String);

/// An answer names this many wrong parts of a request. A body of a megabyte can have a hundred thousand.
pub(super) const MOST_WRONG: usize = 20;
/// An error cuts a name of the request to this many characters.
const LONGEST_NAME: usize = 100;

/// Where a value stands in a body. It is written only for an error: a body can have many values at a long path.
enum Place<'body> {
    Body,
    Field(&'body Place<'body>, &'body str),
    Item(&'body Place<'body>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => Ok(()),
            Self::Field(Self::Body, name) => formatter.write_str(&cut(name)),
            Self::Field(outer, name) => write!(formatter, "{outer}.{}", cut(name)),
            Self::Item(outer, at) => write!(formatter, "{outer}[{at}]"),
        }
    }
}

/// A name of the request, as an error repeats it.
pub(super) fn cut(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

/// What is wrong with a text that has it.
pub(super) const NUL: &str = "contains a NUL character";

/// The names that are known, for an error.
pub(super) fn known<Name: AsRef<str>>(names: &[Name]) -> String {
    if names.is_empty() {
        return "none is known here".to_owned();
    }
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    format!("known: {}", names.join(", "))
}

/// Every operation, and the schemas that their bodies name.
pub(super) struct Shapes {
    operations: Vec<Operation>,
    document: Value,
}

/// An operation of the document.
pub(super) struct Operation {
    method: String,
    path: Vec<String>,
    /// The names of its query parameters.
    pub(super) parameters: Vec<String>,
    /// The schema of its body.
    pub(super) body: Option<Value>,
}

impl Shapes {
    /// Reads an OpenAPI document of ours.
    pub(super) fn of(document: &str) -> Self {
        let document: Value = serde_json::from_str(document).expect("our document is JSON");
        let mut operations = Vec::new();
        for (path, methods) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.split('/').map(str::to_owned).collect(),
                    parameters: parameters(operation),
                    body: operation["requestBody"]["content"]
                        .get("application/json")
                        .map(|content| content["schema"].clone()),
                });
            }
        }
        Self {
            operations,
            document,
        }
    }

    /// The operation of this method and path. A path without parameters comes before one with them.
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<&Operation> {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |operation: &&Operation| {
            operation.method == method.as_str()
                && operation.path.len() == parts.len()
                && operation
                    .path
                    .iter()
                    .zip(&parts)
                    .all(|(known, part)| known == part || known.starts_with('{'))
        };
        let variables = |operation: &&Operation| {
            operation
                .path
                .iter()
                .filter(|part| part.starts_with('{'))
                .count()
        };
        self.operations.iter().filter(fits).min_by_key(variables)
    }

    /// The fields of a body that its schema does not have, and the texts that cannot be stored: the first [`MOST_WRONG`].
    pub(super) fn compare(&self, body: &Value, schema: &Value) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        self.compare_at(&Place::Body, body, schema, &mut wrong);
        wrong
    }

    fn compare_at(&self, place: &Place<'_>, value: &Value, schema: &Value, wrong: &mut Vec<Wrong>) {
        if wrong.len() >= MOST_WRONG {
            return;
        }
        let schema = self.resolved(schema);
        match value {
            Value::String(text) if text.contains('\0') => {
                wrong.push((place.to_string(), NUL.to_owned()));
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.compare_at(&Place::Item(place, at), item, &schema["items"], wrong);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.compare_field(&Place::Field(place, name), (name, value), schema, wrong);
                }
            }
            _ => {}
        }
    }

    fn compare_field(
        &self,
        place: &Place<'_>,
        (name, value): (&str, &Value),
        schema: &Value,
        wrong: &mut Vec<Wrong>,
    ) {
        let properties = schema["properties"].as_object();
        let field = properties
            .and_then(|properties| properties.get(name))
            .or(schema.get("additionalProperties"));
        match (field, properties) {
            _ if wrong.len() >= MOST_WRONG => {}
            _ if name.contains('\0') => wrong.push((place.to_string(), NUL.to_owned())),
            (Some(schema), _) => self.compare_at(place, value, schema, wrong),
            // Without a list of fields, any is allowed.
            (None, None) => self.compare_at(place, value, &Value::Null, wrong),
            (None, Some(properties)) => {
                let names: Vec<&String> = properties.keys().collect();
                let detail = format!("there is no such field; {}", known(&names));
                wrong.push((place.to_string(), detail));
            }
        }
    }

    /// The schema that a reference names.
    fn resolved<'schema>(&'schema self, schema: &'schema Value) -> &'schema Value {
        let reference = schema["$ref"]
            .as_str()
            .or_else(|| schema["allOf"][0]["$ref"].as_str());
        match reference.and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.document.pointer(pointer).unwrap_or(&Value::Null),
            None => schema,
        }
    }
}

fn parameters(operation: &Value) -> Vec<String> {
    operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{MOST_WRONG, Shapes};
    use poem::http::Method;
    use serde_json::json;
    use std::collections::HashMap;

    #[test]
    fn a_field_that_an_operation_does_not_have_is_found_at_any_depth() {
        let shapes = Shapes::of(&crate::document());
        let queue = "/api/distribution/queues/00000000-0000-0000-0000-000000000000/places";
        let operation = shapes.find(&Method::PUT, queue).expect("an operation");
        let body = json!([{ "salesId": "a", "label": "A\u{0}", "heft": 2 }]);
        let wrong = shapes.compare(&body, operation.body.as_ref().expect("a body"));
        let fields: Vec<&str> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["[0].heft", "[0].label"]);
        assert!(wrong[0].1.contains("weight"), "{wrong:?}");
    }

    #[test]
    fn a_body_of_many_wrong_values_at_a_long_path_costs_a_short_answer() {
        let shapes = Shapes::of(&crate::document());
        let operation = shapes
            .find(&Method::POST, "/api/leads")
            .expect("an operation");
        let schema = operation.body.as_ref().expect("a body");
        let long = "x".repeat(300_000);
        let unknown = (0..50_000).map(|at| (format!("{long:.9}{at}"), 0));
        for body in [
            json!({ "phone": { &long: vec!["\u{0}"; 60_000] } }),
            json!(unknown.collect::<HashMap<_, _>>()),
        ] {
            let wrong = shapes.compare(&body, schema);
            assert_eq!(wrong.len(), MOST_WRONG);
            assert!(
                wrong.iter().all(|(field, _)| field.len() < 200),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn every_operation_is_found_by_its_path() {
        let shapes = Shapes::of(&crate::document());
        let leads = shapes
            .find(&Method::GET, "/api/leads")
            .expect("an operation");
        assert!(leads.parameters.iter().any(|name| name == "status"));
        assert!(
            shapes
                .find(&Method::GET, "/api/leads/export")
                .expect("an operation")
                .parameters
                .len()
                > 3
        );
        assert!(shapes.find(&Method::GET, "/nowhere").is_none());
    }
}
