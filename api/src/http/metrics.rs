//! Metrics for operators, in Prometheus' text format.

use super::tag::Tag;
use poem::web::Data;
use poem_openapi::payload::PlainText;
use poem_openapi::{ApiResponse, OpenApi};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use shared::{App, Error, distribution, linked_device, live};
use std::sync::atomic::AtomicU64;

pub struct Metrics;

#[derive(ApiResponse)]
enum MetricsAnswer {
    /// The metrics.
    #[oai(status = 200)]
    Figures(PlainText<String>),
    /// The database does not answer.
    #[oai(status = 503)]
    Away(PlainText<String>),
}

#[OpenApi]
impl Metrics {
    /// Metrics
    ///
    /// Read from the database, so that every api process answers the same, whichever worker did the work. They contain
    /// no personal data.
    #[oai(path = "/metrics", method = "get", operation_id = "metrics", tag = Tag::Health)]
    async fn metrics(&self, app: Data<&App>) -> MetricsAnswer {
        let figures = async {
            let mut figures = distribution::metrics(&app).await?.figures().to_vec();
            figures.extend(linked_device::figures(&app).await?);
            figures.extend(live::figures(&app).await?);
            Ok::<_, Error>(figures)
        };
        match figures.await {
            Ok(figures) => MetricsAnswer::Figures(PlainText(told(&figures))),
            Err(error) => {
                tracing::warn!(%error, "api.no_metrics");
                MetricsAnswer::Away(PlainText("the database does not answer\n".to_owned()))
            }
        }
    }
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
