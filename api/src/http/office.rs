//! The office: company hours, who covers for whom, and the agents' addresses.

use super::availability::{WorkingHours, told_hours, working_hours};
use super::tag::Tag;
use crate::auth::{AdminOnly, ConfirmedAdmin, SignedIn};
use crate::problem::{self, Result};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::auth::Role;
use shared::availability;
use shared::id::{QueueId, UserId};
use shared::phone::Phone;
use shared::{App, Error, db, sales};
use uuid::Uuid;

pub struct Office;

/// Who hears an agent's clients while the agent takes a break or has days off. Without any field: nobody.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct Cover {
    /// A colleague, by user id.
    sales_id: Option<String>,
    /// Or the first of this queue who is on duty.
    queue_id: Option<Uuid>,
}

/// An agent's offer address.
#[derive(Object)]
struct OfferAddress {
    /// A phone number, as typed; stored as E.164.
    phone: String,
}

#[OpenApi]
impl Office {
    /// Change an agent's offer address
    ///
    /// Open offers keep the number that they were sent to, and until they end the agent can answer from both. If
    /// another agent has the number: 409 `address_taken`. If a lead has it: 409 `number_of_a_lead`; mark the lead as a
    /// test, or correct its number, and try again.
    #[oai(path = "/api/sales/:id/address", method = "put", operation_id = "setOfferAddress", tag = Tag::Queues)]
    async fn address(
        &self,
        app: Data<&App>,
        _admin: ConfirmedAdmin,
        id: Path<String>,
        body: Json<OfferAddress>,
    ) -> Result<OfferAddress> {
        let phone = Phone::from_human("phone", &body.phone)?;
        sales::set_address(&app, &UserId(id.0), &phone).await?;
        Ok(Json(OfferAddress {
            phone: phone.to_string(),
        }))
    }

    /// The working hours of agents who have none of their own
    #[oai(path = "/api/distribution/company-hours", method = "get", operation_id = "companyHours", tag = Tag::Queues)]
    async fn hours(&self, app: Data<&App>, _viewer: SignedIn) -> Result<Vec<WorkingHours>> {
        let hours = availability::company_hours(&app).await?;
        Ok(Json(told_hours(&hours)))
    }

    /// Replace the working hours of agents who have none of their own
    ///
    /// By the company's zone, or the agent's if they have one. An empty list: they always work. Held leads are checked
    /// again.
    #[oai(path = "/api/distribution/company-hours", method = "put", operation_id = "setCompanyHours", tag = Tag::Queues)]
    async fn set_hours(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        body: Json<Vec<WorkingHours>>,
    ) -> Result<Vec<WorkingHours>> {
        let hours = working_hours(&body.0)?;
        db::retry_once(|| availability::set_company_hours(&app, &hours)).await?;
        let hours = availability::company_hours(&app).await?;
        Ok(Json(told_hours(&hours)))
    }

    /// Who covers for an agent
    #[oai(path = "/api/sales/:id/cover", method = "get", operation_id = "cover", tag = Tag::Queues)]
    async fn cover(&self, app: Data<&App>, viewer: SignedIn, id: Path<String>) -> Result<Cover> {
        let agent = UserId(id.0);
        if !may_set(&viewer, &agent) {
            return Err(problem::forbidden("an agent can set their own cover"));
        }
        Ok(Json(told(availability::cover_of(&app, &agent).await?)))
    }

    /// Set who covers for an agent
    ///
    /// An agent sets their own, an admin everybody's. The lead stays the agent's; the cover is told what the client
    /// writes.
    #[oai(path = "/api/sales/:id/cover", method = "put", operation_id = "setCover", tag = Tag::Queues)]
    async fn set_cover(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<String>,
        body: Json<Cover>,
    ) -> Result<Cover> {
        let agent = UserId(id.0);
        if !may_set(&viewer, &agent) {
            return Err(problem::forbidden("an agent can set their own cover"));
        }
        let cover = match (body.0.sales_id, body.0.queue_id) {
            (Some(_), Some(_)) => {
                let reason = "cannot stand beside `salesId`";
                return Err(Error::invalid("queueId", reason).into());
            }
            (Some(colleague), None) => Some(availability::Cover::Agent(UserId(colleague))),
            (None, Some(queue)) => Some(availability::Cover::Queue(QueueId(queue))),
            (None, None) => None,
        };
        availability::set_cover(&app, &agent, cover.as_ref()).await?;
        Ok(Json(told(availability::cover_of(&app, &agent).await?)))
    }
}

/// Whether the viewer may set what is this agent's.
fn may_set(viewer: &SignedIn, agent: &UserId) -> bool {
    let user = &viewer.0.user;
    user.role == Role::Admin || user.id == *agent
}

fn told(cover: Option<availability::Cover>) -> Cover {
    let (sales_id, queue_id) = match cover {
        Some(availability::Cover::Agent(colleague)) => (Some(colleague.0), None),
        Some(availability::Cover::Queue(queue)) => (None, Some(queue.0)),
        None => (None, None),
    };
    Cover { sales_id, queue_id }
}
