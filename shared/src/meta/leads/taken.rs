//! What a lead's answers and ad become.

use super::answers::Read;
use crate::distribution::Ad;
use crate::leads::Click;
use crate::meta::envelope::text;
use crate::meta::form::Form;
use crate::meta::store;
use serde_json::Value;

/// What is stored of a lead that was taken.
pub(super) fn fetched_of<'lead>(id: &'lead str, answer: &'lead Value) -> store::Fetched<'lead> {
    store::Fetched {
        id,
        state: "taken",
        reason: None,
        lead: None,
        answer: Some(answer),
    }
}

pub(super) fn ad(id: &str, form: Option<&Form>, answer: &Value, read: Read) -> Ad {
    let said = |field: &str| text(&answer[field]);
    Ad {
        meta_lead_id: id.to_owned(),
        name: read.name,
        phone: read.phone,
        source_ads: said("ad_name")
            .or_else(|| said("campaign_name"))
            .or_else(|| form.and_then(|form| form.name.clone()))
            .or_else(|| Some("Meta Lead Ads".to_owned())),
        project: read
            .project
            .or_else(|| form.and_then(|form| form.project.clone())),
        campaign: said("campaign_name"),
        area: read.area,
        click: Click {
            ad_id: said("ad_id"),
            campaign_id: said("campaign_id"),
            ctwa_clid: None,
        },
    }
}
