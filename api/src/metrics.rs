//! Metrics for Prometheus, on the listener of health: what this process did, and what the database knows.

use poem::http::{StatusCode, header};
use poem::web::Data;
use poem::{IntoResponse, Request, Response, handler};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use shared::config::Telemetry;
use shared::{App, Error, distribution, linked_device, live, metrics};
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::time::timeout;

/// Prometheus gives up after five seconds or so. The pool of connections would wait longer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The last line of the format.
const END: &str = "# EOF\n";

/// The metrics. While the database does not answer, only those of this process, so that its other figures are not lost when
/// they are needed most; `database_up` is 0 then.
#[handler]
pub(crate) async fn serve(
    request: &Request,
    app: Data<&App>,
    telemetry: Data<&Telemetry>,
) -> Response {
    if !telemetry.lets_read_metrics(request.header(header::AUTHORIZATION)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut figures = match timeout(ANSWER_WITHIN, of_database(&app)).await {
        Ok(Ok(figures)) => figures,
        Ok(Err(error)) => {
            tracing::warn!(%error, "api.no_metrics");
            Vec::new()
        }
        Err(_) => {
            tracing::warn!("api.no_metrics: the database does not answer");
            Vec::new()
        }
    };
    let is_up = if figures.is_empty() { 0.0 } else { 1.0 };
    let help = "1 if the database answered this request";
    figures.push(("database_up", help, is_up));
    let mut text = metrics::text();
    text.truncate(text.trim_end_matches(END).len());
    text.push_str(&told(&figures));
    Response::builder()
        .content_type(metrics::CONTENT_TYPE)
        .body(text)
}

/// What the database knows: every api process answers the same, whichever worker did the work.
async fn of_database(app: &App) -> Result<Vec<(&'static str, &'static str, f64)>, Error> {
    let mut figures = distribution::metrics(app).await?.figures();
    figures.extend(linked_device::figures(app).await?);
    figures.extend(live::figures(app).await?);
    Ok(figures)
}

fn told(figures: &[(&'static str, &'static str, f64)]) -> String {
    let mut registry = Registry::with_prefix("property_lounge");
    for (name, help, value) in figures {
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(*value);
        registry.register(*name, *help, gauge);
    }
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => text,
        Err(error) => format!("# {error}\n"),
    }
}
