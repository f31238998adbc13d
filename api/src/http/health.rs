//! Whether the processes are well.

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

/// What the api needs, and whether it has it.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct Ready {
    /// The database answers.
    database: bool,
    /// Its schema is up to date.
    migrated: bool,
    /// How many worker processes are alive. None: leads are taken, and wait for one.
    workers_alive: i64,
    /// Whether any is.
    worker: bool,
    /// Since when the WhatsApp provider is away and offers stand still; absent if it is well.
    provider_frozen_since: Option<Timestamp>,
}

#[derive(ApiResponse)]
enum ReadyAnswer {
    /// Requests can be served.
    #[oai(status = 200)]
    Ready(Json<Ready>),
    /// They cannot.
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

    /// Whether requests can be served, and whether a worker is alive
    #[oai(path = "/ready", method = "get", operation_id = "healthReady", tag = Tag::Health)]
    async fn ready(&self, app: Data<&App>) -> ReadyAnswer {
        let migrated = db::is_migrated(&app.pool).await;
        if let Err(error) = &migrated {
            tracing::warn!(%error, "api.not_ready");
        }
        // A database that is away is asked once.
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
