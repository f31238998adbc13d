//! Leads that people of the office enter, correct, reject, stop and mark. The operations whose paths `leads.rs` has are
//! declared there: the document has each path once.

use super::lead_entry::LeadEntry;
use super::model::LeadMark;
use super::tag::Tag;
use crate::auth::{AdminOnly, SignedIn};
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::auth::{Role, User};
use shared::id::{LeadId, UserId};
use shared::phone::Phone;
use shared::pipeline::{self, Edit};
use shared::{App, Error, db, distribution};
use uuid::Uuid;

pub struct ByHand;

/// A lead to be entered by hand.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct NewLead {
    /// The client's number, as typed.
    phone: String,
    #[oai(validator(max_length = 200))]
    name: Option<String>,
    /// Where the client comes from: a walk-in, a referral, an ad.
    #[oai(validator(max_length = 200))]
    source: Option<String>,
    /// The project; with `source` it decides the queue, if the lead is distributed.
    #[oai(validator(max_length = 200))]
    project: Option<String>,
    /// Who owns the lead. Absent: an admin's lead is distributed, an agent's is theirs.
    owner_id: Option<String>,
    /// A note for the history.
    #[oai(validator(max_length = 2000))]
    note: Option<String>,
}

/// A correction of a lead. A field that is absent stays; an empty text becomes unknown.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct LeadCorrection {
    name: Option<String>,
    /// The client's number, as typed. Messages from the old one still find the lead.
    phone: Option<String>,
    source: Option<String>,
    project: Option<String>,
}

/// A rejection.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Rejection {
    /// The id of a rejected reason.
    reason: String,
    /// A note, at most 2,000 characters.
    note: Option<String>,
}

/// Why a lead is stopped.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Stop {
    /// With a mark the lead is in no figure. Absent: the lead only stops being distributed.
    mark: Option<LeadMark>,
}

/// A note on a lead.
#[derive(Object)]
struct NewNote {
    /// 1 to 2,000 characters.
    note: String,
}

#[OpenApi]
impl ByHand {
    /// Add a note to a lead's history
    #[oai(path = "/api/leads/:id/notes", method = "post", operation_id = "addLeadNote", tag = Tag::Leads)]
    async fn note(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
        body: Json<NewNote>,
    ) -> Result<LeadEntry> {
        let user = &viewer.0.user;
        let entry =
            db::retry_once(|| pipeline::add_note(&app, user, LeadId(id.0), &body.note)).await?;
        Ok(Json(entry.into()))
    }

    /// Reject a lead in one step
    ///
    /// Its layer 2 status becomes the rejection with this reason, its progress `lost`, and it is closed.
    #[oai(path = "/api/leads/:id/reject", method = "post", operation_id = "rejectLead", tag = Tag::Leads)]
    async fn reject(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
        body: Json<Rejection>,
    ) -> Result<LeadEntry> {
        let user = &viewer.0.user;
        let (reason, note) = (body.0.reason, text(body.0.note));
        let entry =
            db::retry_once(|| pipeline::reject(&app, user, LeadId(id.0), &reason, note.clone()))
                .await?;
        Ok(Json(entry.into()))
    }

    /// Undo your own last change of a lead
    ///
    /// Its status, progress and layer 2 as they were, if you changed them within ten minutes and nobody has changed
    /// the lead since. Otherwise 409 `nothing_to_undo`.
    #[oai(path = "/api/leads/:id/undo", method = "post", operation_id = "undoLeadChange", tag = Tag::Leads)]
    async fn undo(&self, app: Data<&App>, viewer: SignedIn, id: Path<Uuid>) -> Result<LeadEntry> {
        let user = &viewer.0.user;
        let entry = db::retry_once(|| pipeline::undo(&app, user, LeadId(id.0))).await?;
        Ok(Json(entry.into()))
    }

    /// Stop a lead: end its distribution and close it
    ///
    /// With a mark (`test`, `junk`) also a lead that is not being distributed; it is in no figure. The agents who were
    /// offered it, and its owner, are told. Nothing to stop: 409 `not_distributing`.
    #[oai(path = "/api/leads/:id/stop", method = "post", operation_id = "stopLead", tag = Tag::Leads)]
    async fn stop(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        id: Path<Uuid>,
        body: Json<Stop>,
    ) -> Result<LeadEntry> {
        let (user, id) = (&admin.0.user, LeadId(id.0));
        let mark = body.0.mark.map(Into::into);
        db::retry_once(|| distribution::stop(&app, &user.id, id, mark)).await?;
        Ok(Json(pipeline::entry(&app, user, id).await?.into()))
    }

    /// Put a lead into distribution
    ///
    /// One that was held as suspect, or is new, hangus or closed. 409 `lead_claimed`, `already_distributing`.
    #[oai(path = "/api/leads/:id/distribute", method = "post", operation_id = "distributeLead", tag = Tag::Leads)]
    async fn distribute(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<LeadEntry> {
        let (user, id) = (&admin.0.user, LeadId(id.0));
        db::retry_once(|| distribution::distribute(&app, user, id)).await?;
        Ok(Json(pipeline::entry(&app, user, id).await?.into()))
    }

    /// Remove a lead's mark, so that it counts in the figures again
    ///
    /// Its status stays.
    #[oai(path = "/api/leads/:id/mark", method = "delete", operation_id = "unmarkLead", tag = Tag::Leads)]
    async fn unmark(&self, app: Data<&App>, admin: AdminOnly, id: Path<Uuid>) -> Result<LeadEntry> {
        let user = &admin.0.user;
        let entry = db::retry_once(|| pipeline::unmark(&app, user, LeadId(id.0))).await?;
        Ok(Json(entry.into()))
    }
}

/// Enters a lead. An agent is not told which lead of a colleague has the number.
pub(super) async fn create(app: &App, user: &User, given: NewLead) -> Result<LeadEntry> {
    let is_admin = user.role == Role::Admin;
    let own = (!is_admin).then(|| user.id.clone());
    let new = distribution::NewLead {
        phone: Phone::from_human("phone", &given.phone)?,
        name: text(given.name),
        source: text(given.source),
        project: text(given.project),
        owner: given.owner_id.map(UserId).or(own),
        note: text(given.note),
    };
    let entered = db::retry_once(|| distribution::enter(app, user, &new)).await;
    let id = hiding_others_lead(app, user, entered).await?;
    Ok(Json(pipeline::entry(app, user, id).await?.into()))
}

/// The result. If a lead with the number exists that the user cannot see, the error does not name it.
async fn hiding_others_lead<T>(
    app: &App,
    user: &User,
    done: shared::Result<T>,
) -> shared::Result<T> {
    let Err(Error::LeadExists { lead }) = done else {
        return done;
    };
    let seen = pipeline::entry(app, user, lead).await;
    seen.map_err(|_| Error::Conflict {
        code: "lead_exists",
    })?;
    Err(Error::LeadExists { lead })
}

/// Corrects a lead. An agent is not told which lead of a colleague has the number.
pub(super) async fn correct(
    app: &App,
    user: &User,
    id: LeadId,
    given: LeadCorrection,
) -> Result<LeadEntry> {
    let phone = given.phone;
    let edit = Edit {
        name: given.name,
        phone: phone
            .map(|phone| Phone::from_human("phone", &phone))
            .transpose()?,
        source: given.source,
        project: given.project,
    };
    let edited = db::retry_once(|| pipeline::edit(app, user, id, &edit)).await;
    let entry = hiding_others_lead(app, user, edited).await?;
    Ok(Json(entry.into()))
}

/// The text. `None` if it is empty.
fn text(given: Option<String>) -> Option<String> {
    given
        .map(|text| shared::texts::one_line(&text))
        .filter(|text| !text.is_empty())
}
