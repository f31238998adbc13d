//! What comes in from Meta.

use super::Tag;
use super::model::EventAnswer;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::distribution::{self, Ad};
use shared::phone::Phone;
use shared::{App, Error};

/// The longest text that WhatsApp carries, in characters.
const LONGEST_TEXT: usize = 4096;
/// The longest name, id or source that we keep, in characters.
const LONGEST_WORD: usize = 255;

pub struct Webhooks;

/// A lead from an ad's form, in the seed's flat shape.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "the seed's names")]
struct MetaLead {
    /// Meta's id of the filled-in form; the same id twice changes nothing.
    meta_lead_id: String,
    /// The client's name.
    name: Option<String>,
    /// The client's number, as typed.
    phone: String,
    /// The ad.
    source_ads: Option<String>,
    /// The project that it advertises.
    project: Option<String>,
    /// The campaign that it is part of.
    campaign: Option<String>,
    /// Where the client looks for a home.
    area: Option<String>,
}

#[OpenApi]
impl Webhooks {
    /// Take a lead from an ad
    ///
    /// Starts a distribution cycle at once. While a cycle is open the enquiry is added to it; once
    /// the lead is claimed its owner is told; after hangus a new cycle starts.
    #[oai(path = "/webhooks/meta/leads", method = "post", operation_id = "receiveMetaLead", tag = Tag::Webhooks)]
    async fn meta_lead(&self, app: Data<&App>, body: Json<MetaLead>) -> Result<EventAnswer> {
        // Until Meta's signature is checked (issue C), anybody could post here.
        super::dummy::only_with_dummy(&app)?;
        let ad = Ad {
            meta_lead_id: required("metaLeadId", &body.meta_lead_id, LONGEST_WORD)?,
            name: optional("name", body.name.as_deref())?,
            phone: Phone::from_human("phone", &body.phone)?,
            source_ads: optional("sourceAds", body.source_ads.as_deref())?,
            project: optional("project", body.project.as_deref())?,
            campaign: optional("campaign", body.campaign.as_deref())?,
            area: optional("area", body.area.as_deref())?,
        };
        let report = distribution::take_ad(&app, &ad).await?;
        answer(&app, &report).await
    }
}

/// The answer to an event: what became of it, and where its lead stands.
pub(super) async fn answer(app: &App, report: &distribution::Report) -> Result<EventAnswer> {
    let standing = match report.lead {
        Some(lead) => Some(distribution::standing(app, lead, report.attempt).await?),
        None => None,
    };
    Ok(Json(EventAnswer::new(report, standing)))
}

/// A text that must say something.
pub(super) fn required(field: &'static str, given: &str, longest: usize) -> shared::Result<String> {
    let given = given.trim();
    if given.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    bounded(field, given, longest)
}

/// A text that may be left out; an empty one counts as left out.
pub(super) fn optional(field: &'static str, given: Option<&str>) -> shared::Result<Option<String>> {
    match given.map(str::trim) {
        None | Some("") => Ok(None),
        Some(given) => bounded(field, given, LONGEST_WORD).map(Some),
    }
}

/// A chat message's words, which may be empty.
pub(super) fn words(field: &'static str, given: &str) -> shared::Result<String> {
    bounded(field, given, LONGEST_TEXT)
}

fn bounded(field: &'static str, given: &str, longest: usize) -> shared::Result<String> {
    if given.chars().count() > longest {
        return Err(Error::invalid(
            field,
            format!("is longer than {longest} characters"),
        ));
    }
    // PostgreSQL's text cannot hold it.
    if given.contains('\0') {
        return Err(Error::invalid(field, "contains a NUL character"));
    }
    Ok(given.to_owned())
}
