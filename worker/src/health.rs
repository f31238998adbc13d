//! The worker's own health: `GET /health/live`, `GET /health/ready`.

use crate::process::Process;
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::{Data, Json};
use poem::{EndpointExt, Route, Server, get, handler};
use serde::Serialize;
use shared::db;
use shared::jobs::workers_alive;
use std::net::IpAddr;
use std::sync::Arc;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    database: bool,
    migrated: bool,
    workers_alive: i64,
}

/// Serves health until the process ends. A busy port is a warning: the jobs matter more.
pub(crate) async fn serve(host: IpAddr, port: u16, setting: &str, process: Arc<Process>) {
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
        .data(process);
    tokio::spawn(async move {
        if let Err(error) = Server::new_with_acceptor(acceptor).run(routes).await {
            tracing::error!(%error, "worker.health_ended");
        }
    });
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
