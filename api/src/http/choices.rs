//! Small tables that an admin edits: layer 2 statuses and rejected reasons.

use super::tag::Tag;
use crate::auth::{AdminOnly, SignedIn};
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::App;
use shared::pipeline::{self, ChoiceKind};

pub struct Choices;

/// An entry of a small table.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Choice {
    /// Lower-case letters and digits, joined by dashes. Never changes.
    id: String,
    label: String,
    #[oai(default)]
    position: i32,
    /// Whether a lead with this status needs a reason. Only for statuses.
    #[oai(default)]
    is_rejected: bool,
    /// Whether it can be chosen.
    #[oai(default = "yes")]
    active: bool,
}

fn yes() -> bool {
    true
}

#[OpenApi]
impl Choices {
    /// The layer 2 statuses, in order
    #[oai(path = "/api/layer2-statuses", method = "get", operation_id = "layer2Statuses", tag = Tag::Leads)]
    async fn layer2_statuses(&self, app: Data<&App>, _viewer: SignedIn) -> Result<Vec<Choice>> {
        choices(&app, ChoiceKind::Layer2Status).await
    }

    /// Add a layer 2 status, or change the one with this id
    #[oai(path = "/api/layer2-statuses", method = "put", operation_id = "saveLayer2Status", tag = Tag::Leads)]
    async fn save_layer2_status(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        body: Json<Choice>,
    ) -> Result<Vec<Choice>> {
        save(&app, ChoiceKind::Layer2Status, body.0).await
    }

    /// The rejected reasons, in order
    #[oai(path = "/api/rejected-reasons", method = "get", operation_id = "rejectedReasons", tag = Tag::Leads)]
    async fn rejected_reasons(&self, app: Data<&App>, _viewer: SignedIn) -> Result<Vec<Choice>> {
        choices(&app, ChoiceKind::RejectedReason).await
    }

    /// Add a rejected reason, or change the one with this id
    #[oai(path = "/api/rejected-reasons", method = "put", operation_id = "saveRejectedReason", tag = Tag::Leads)]
    async fn save_rejected_reason(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        body: Json<Choice>,
    ) -> Result<Vec<Choice>> {
        save(&app, ChoiceKind::RejectedReason, body.0).await
    }
}

async fn choices(app: &App, kind: ChoiceKind) -> Result<Vec<Choice>> {
    let choices = pipeline::choices(app, kind).await?;
    Ok(Json(choices.into_iter().map(Into::into).collect()))
}

async fn save(app: &App, kind: ChoiceKind, given: Choice) -> Result<Vec<Choice>> {
    let choice = pipeline::Choice {
        id: given.id,
        label: given.label.trim().replace('\0', ""),
        position: given.position,
        is_rejected: given.is_rejected,
        active: given.active,
    };
    let choices = pipeline::save_choice(app, kind, &choice).await?;
    Ok(Json(choices.into_iter().map(Into::into).collect()))
}

impl From<pipeline::Choice> for Choice {
    fn from(choice: pipeline::Choice) -> Self {
        let pipeline::Choice {
            id,
            label,
            position,
            is_rejected,
            active,
        } = choice;
        Self {
            id,
            label,
            position,
            is_rejected,
            active,
        }
    }
}
