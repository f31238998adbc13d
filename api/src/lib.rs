//! The HTTP door: parses a request, calls one operation of `shared`, maps its outcome.
//!
//! `http/` holds a file per part of the tree of paths; [`problem`] is the only place that chooses
//! an error's status.

pub mod auth;
pub mod config;
pub mod http;
pub mod problem;

mod middleware;

use auth::Auth;
use poem::{Endpoint, EndpointExt, Response, Route};
use poem_openapi::{OpenApiService, ServerObject};
use shared::App;

/// The OpenAPI document and its endpoints, not yet given an [`App`].
pub fn service() -> OpenApiService<http::Endpoints, ()> {
    OpenApiService::new(
        http::endpoints(),
        "Property Lounge",
        env!("CARGO_PKG_VERSION"),
    )
    .description("Gives every lead to a salesperson in turn and never loses a timeout.")
    .license("MIT OR Apache-2.0")
    .server(ServerObject::new("http://localhost:3001").description("./dev"))
}

/// Everything that the api serves.
pub fn app(app: App, auth: Auth) -> impl Endpoint<Output = Response> {
    let service = service();
    Route::new()
        .at("/openapi.json", service.spec_endpoint())
        .at("/api/auth/*path", auth::BetterAuth)
        .nest("/docs", service.swagger_ui())
        .nest("/", service)
        .around(auth::without_secure_prefix)
        .around(auth::share_with_trusted_pages)
        .data(app)
        .data(auth)
        .catch_all_error(problem::from_framework)
        .around(middleware::log)
}

/// The OpenAPI document as it is kept in `openapi/openapi.json`.
pub fn document() -> String {
    let mut document: serde_json::Value =
        serde_json::from_str(&service().spec()).expect("poem-openapi writes JSON");
    plain_content_types(&mut document);
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value is JSON");
    text.push('\n');
    text
}

/// poem-openapi writes `application/json; charset=utf-8`, which client generators do not take for JSON.
fn plain_content_types(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            if let Some(json) = fields.remove("application/json; charset=utf-8") {
                fields.insert("application/json".to_owned(), json);
            }
            fields.values_mut().for_each(plain_content_types);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(plain_content_types),
        _ => {}
    }
}
