//! Examples for the OpenAPI document: of every request body by operation, and of some answers by schema. They
//! are in a JSON file, so that people who do not write Rust can add to them.

use serde_json::{Map, Value};

/// Adds the examples to the document.
pub(crate) fn add(document: &mut Value) {
    let examples: Value =
        serde_json::from_str(include_str!("examples.json")).expect("the examples are JSON");
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for operation in paths.flat_map(|(_, methods)| methods.as_object_mut().into_iter().flatten()) {
        let operation = operation.1;
        let id = operation["operationId"].as_str().unwrap_or_default();
        let example = examples["bodies"][id].clone();
        if !example.is_null()
            && let Some(json) = operation.pointer_mut("/requestBody/content/application~1json")
        {
            json["example"] = example;
        }
    }
    let schemas = document["components"]["schemas"].as_object_mut();
    let told = examples["schemas"].as_object().cloned();
    add_to_schemas(schemas, told.unwrap_or_default());
}

fn add_to_schemas(schemas: Option<&mut Map<String, Value>>, examples: Map<String, Value>) {
    let Some(schemas) = schemas else { return };
    for (name, example) in examples {
        if let Some(schema) = schemas.get_mut(&name) {
            schema["example"] = example;
        }
    }
}
