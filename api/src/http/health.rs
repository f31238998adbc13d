//! Health and readiness.

use super::model::Timestamp;
use super::tag::Tag;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use shared::jobs::workers_alive;
use shared::{App, Result, db, distribution};

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

    /// Whether the api can serve requests, and whether a worker is alive
    #[oai(path = "/ready", method = "get", operation_id = "healthReady", tag = Tag::Health)]
    async fn ready(&self, app: Data<&App>) -> ReadyAnswer {
        let migrated = db::is_migrated(&app.pool).await;
        if let Err(error) = &migrated {
            tracing::warn!(%error, "api.not_ready");
        }
        // If the database cannot be reached, it is asked only once.
        let (workers, frozen_since) = match &migrated {
            Ok(_) => (
                count_workers(&app).await.unwrap_or(0),
                distribution::frozen_since(&app).await.unwrap_or(None),
            ),
            Err(_) => (0, None),
        };
        let ready = Ready {
            database: migrated.is_ok(),
            migrated: migrated.unwrap_or(false),
            workers_alive: workers,
            worker: workers > 0,
            provider_frozen_since: frozen_since.map(Timestamp),
        };
        if ready.migrated {
            ReadyAnswer::Ready(Json(ready))
        } else {
            ReadyAnswer::NotReady(Json(ready))
        }
    }
}

async fn count_workers(app: &App) -> Result<i64> {
    let mut connection = app.pool.acquire().await?;
    workers_alive(&mut connection).await
}
