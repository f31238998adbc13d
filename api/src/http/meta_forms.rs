//! Meta's forms, and what their questions contain.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::App;
use shared::meta::{self, FormChange};
use std::collections::{BTreeMap, HashMap};

pub struct MetaForms;

/// A form of the page's ads.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct MetaForm {
    /// Meta's id.
    id: String,
    /// Meta's id of its page.
    page_id: Option<String>,
    name: Option<String>,
    /// Its project.
    project: Option<String>,
    /// What a question contains, if its name is not known: `phone`, `name`, `area`, `project`, or `ignore`.
    fields: HashMap<String, String>,
    /// Leads until this instant have been looked for.
    looked_until: Option<Timestamp>,
    /// How many of its leads are known.
    leads: i64,
}

/// The settings of a form.
#[derive(Object)]
struct MetaFormChange {
    #[oai(validator(max_length = 255))]
    name: Option<String>,
    /// Its project.
    #[oai(validator(max_length = 255))]
    project: Option<String>,
    /// What each question contains: `{"kontak_aktif": "phone"}`.
    #[oai(default)]
    fields: HashMap<String, String>,
}

#[OpenApi]
impl MetaForms {
    /// Every known form
    #[oai(path = "/api/meta/forms", method = "get", operation_id = "metaForms", tag = Tag::Leads)]
    async fn forms(&self, app: Data<&App>, _admin: AdminOnly) -> Result<Vec<MetaForm>> {
        Ok(told(meta::forms(&app).await?))
    }

    /// Set a form's name, project and questions
    ///
    /// An unknown form is created, and its leads are looked for from then on.
    #[oai(path = "/api/meta/forms/:id", method = "put", operation_id = "saveMetaForm", tag = Tag::Leads)]
    async fn save(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// Meta's id: digits.
        id: Path<String>,
        body: Json<MetaFormChange>,
    ) -> Result<Vec<MetaForm>> {
        let plain = |text: String| text.replace('\0', "");
        let said = |text: Option<String>| text.map(plain).filter(|text| !text.trim().is_empty());
        let fields: BTreeMap<String, String> = body
            .0
            .fields
            .into_iter()
            .map(|(question, held)| (plain(question), held))
            .collect();
        let change = FormChange {
            name: said(body.0.name),
            project: said(body.0.project),
            fields,
        };
        Ok(told(meta::change_form(&app, &id.0, change).await?))
    }
}

fn told(forms: Vec<meta::Form>) -> Json<Vec<MetaForm>> {
    Json(
        forms
            .into_iter()
            .map(|form| MetaForm {
                id: form.id,
                page_id: form.page,
                name: form.name,
                project: form.project,
                fields: form.fields.into_iter().collect(),
                looked_until: form.looked_until.map(Timestamp),
                leads: form.leads,
            })
            .collect(),
    )
}
