//! Why a lead has its present state, as the API shows it.

use super::model::{Lead, Timestamp};
use poem_openapi::Object;
use poem_openapi::types::Any;
use shared::distribution;
use uuid::Uuid;

/// Why a lead has its present state.
#[derive(Object)]
pub(super) struct Explanation {
    lead: Lead,
    /// The decisions, oldest first.
    steps: Vec<Step>,
    /// The files that have earlier decisions, if some moved to a file (`api archive`).
    archives: Vec<String>,
}

/// A decision.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct Step {
    at: Timestamp,
    /// The kind: `offered`, `timed_out`, `accepted` …
    kind: String,
    /// The cause: `enquiry`, `alarm`, `sweep`, `agent`, `manager`, `admin`, `provider` …
    cause: String,
    /// The decision as a sentence.
    summary: String,
    cycle_id: Option<Uuid>,
    attempt_id: Option<Uuid>,
    sales_id: Option<String>,
    /// How long after its deadline it was made, in milliseconds; negative if before.
    lateness_ms: Option<f64>,
    /// The process that made it.
    worker: String,
    /// What it was based on: the rule, who could be offered the lead, who was skipped and why, and the credits.
    detail: Option<Any<serde_json::Value>>,
}

impl Explanation {
    /// Without the client for those who may not see them.
    pub(super) fn shown(told: distribution::Explanation, sees_client: bool) -> Self {
        let lead = Lead::from(told.lead);
        Self {
            lead: if sees_client {
                lead
            } else {
                lead.without_client()
            },
            steps: told.steps.into_iter().map(Into::into).collect(),
            archives: told.archives,
        }
    }
}

impl From<(distribution::LoggedEvent, String)> for Step {
    #[allow(
        clippy::cast_precision_loss,
        reason = "microseconds of a day are exact in an f64"
    )]
    fn from((event, summary): (distribution::LoggedEvent, String)) -> Self {
        Self {
            at: Timestamp(event.at),
            kind: event.kind,
            cause: event.cause,
            summary,
            cycle_id: event.cycle_id.map(|id| id.0),
            attempt_id: event.attempt_id.map(|id| id.0),
            sales_id: event.sales_id.map(|id| id.0),
            lateness_ms: event.lateness_us.map(|late| late as f64 / 1000.0),
            worker: event.worker,
            detail: event.detail.map(Any),
        }
    }
}
