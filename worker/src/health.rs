//! The worker's own health and metrics: `GET /health/live`, `GET /health/ready`, `GET /metrics`.

use crate::process::Process;
use poem::http::{StatusCode, header};
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::{Data, Json};
use poem::{EndpointExt, IntoResponse, Request, Response, Route, Server, get, handler};
use serde::Serialize;
use shared::config::Telemetry;
use shared::jobs::workers_alive;
use shared::{db, metrics};
use std::net::IpAddr;
use std::sync::Arc;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    database: bool,
    migrated: bool,
    workers_alive: i64,
}

/// Where health and metrics are served.
pub(crate) struct Place {
    pub(crate) host: IpAddr,
    pub(crate) port: u16,
    /// The setting of the port.
    pub(crate) setting: &'static str,
}

/// Serves health and metrics until the process ends. A busy port is a warning: the jobs matter more.
pub(crate) async fn serve(at: Place, telemetry: Telemetry, process: Arc<Process>) {
    let Place {
        host,
        port,
        setting,
    } = at;
    let address = (host.to_string(), port);
    let acceptor = match TcpListener::bind(address).into_acceptor().await {
        Ok(acceptor) => acceptor,
        Err(error) => {
            tracing::warn!(port, setting, %error, "worker.no_health: set it to a free port");
            return;
        }
    };
    let address = acceptor.local_addr().first().map(ToString::to_string);
    tracing::info!(address, "worker.health");
    let routes = Route::new()
        .at("/health/live", get(live))
        .at("/health/ready", get(ready))
        .at("/metrics", get(metrics_of_process))
        .data(process)
        .data(telemetry);
    tokio::spawn(async move {
        if let Err(error) = Server::new_with_acceptor(acceptor).run(routes).await {
            tracing::error!(%error, "worker.health_ended");
        }
    });
}

#[handler]
#[allow(
    clippy::needless_pass_by_value,
    reason = "what a handler extracts is passed by value"
)]
fn metrics_of_process(request: &Request, telemetry: Data<&Telemetry>) -> Response {
    if !telemetry.lets_read_metrics(request.header(header::AUTHORIZATION)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Response::builder()
        .content_type(metrics::CONTENT_TYPE)
        .body(metrics::text())
}

#[handler]
async fn live() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "live" }))
}

#[handler]
async fn ready(process: Data<&Arc<Process>>) -> (StatusCode, Json<Ready>) {
    let pool = &process.app.pool;
    let migrated = db::is_migrated(pool).await;
    let workers = match pool.acquire().await {
        Ok(mut connection) => workers_alive(&mut connection).await.unwrap_or(0),
        Err(_) => 0,
    };
    let ready = Ready {
        database: migrated.is_ok(),
        migrated: migrated.unwrap_or(false),
        workers_alive: workers,
    };
    let status = if ready.migrated {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(ready))
}
