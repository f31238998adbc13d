//! Health and readiness.

use super::model::Timestamp;
use super::tag::Tag;
use crate::intake::Intake;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use shared::jobs::workers_alive;
use shared::{App, Result, db, distribution};
use std::time::Duration;
use tokio::time::timeout;

/// How long the database can take to answer. Who asks is answered before it gives up.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

pub struct Health;

/// The process runs.
#[derive(Object)]
struct Live {
    /// Always `live`.
    status: String,
}

/// What the api needs.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct Ready {
    /// The database answers.
    database: bool,
    /// Its schema is up to date.
    migrated: bool,
    /// How many workers are alive. If none is, leads are accepted and wait.
    workers_alive: i64,
    /// Whether a worker is alive.
    worker: bool,
    /// When the WhatsApp provider was frozen; absent if it works.
    provider_frozen_since: Option<Timestamp>,
}

#[derive(ApiResponse)]
enum ReadyAnswer {
    /// The api can serve requests.
    #[oai(status = 200)]
    Ready(Json<Ready>),
    /// The api cannot serve requests.
    #[oai(status = 503)]
    NotReady(Json<Ready>),
}

#[OpenApi(prefix_path = "/health")]
impl Health {
    /// Whether the process runs
    #[oai(path = "/live", method = "get", operation_id = "healthLive", tag = Tag::Health)]
    async fn live(&self) -> Json<Live> {
        Json(Live {
            status: "live".to_owned(),
        })
    }

    /// Whether the api can take messages and forms in, and whether a worker is alive
    ///
    /// It is asked on the connections of webhooks: while only reports of the desk are too many, clients are still served.
    #[oai(path = "/ready", method = "get", operation_id = "healthReady", tag = Tag::Health)]
    async fn ready(&self, intake: Data<&Intake>) -> ReadyAnswer {
        let ready = timeout(LONGEST_WAIT, readiness(&intake)).await;
        let ready = ready.unwrap_or_else(|_| {
            tracing::warn!("api.not_ready: the database did not answer in time");
            Ready::without_database()
        });
        if ready.migrated {
            ReadyAnswer::Ready(Json(ready))
        } else {
            ReadyAnswer::NotReady(Json(ready))
        }
    }
}

impl Ready {
    fn without_database() -> Self {
        Self {
            database: false,
            migrated: false,
            workers_alive: 0,
            worker: false,
            provider_frozen_since: None,
        }
    }
}

async fn readiness(app: &App) -> Ready {
    let migrated = match db::is_migrated(&app.pool).await {
        Ok(migrated) => migrated,
        // The database is asked only once.
        Err(error) => {
            tracing::warn!(%error, "api.not_ready");
            return Ready::without_database();
        }
    };
    let workers = count_workers(app).await.unwrap_or(0);
    let frozen_since = distribution::frozen_since(app).await.unwrap_or(None);
    Ready {
        database: true,
        migrated,
        workers_alive: workers,
        worker: workers > 0,
        provider_frozen_since: frozen_since.map(Timestamp),
    }
}

async fn count_workers(app: &App) -> Result<i64> {
    let mut connection = app.pool.acquire().await?;
    workers_alive(&mut connection).await
}
