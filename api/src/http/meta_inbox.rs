//! Lists for a person to work through: parts of deliveries that could not be read, leads without a usable number, and
//! events of the WhatsApp account.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;
use shared::meta::{self, ReportedEvent, UnreadPart, UnusableLead};
use shared::phone::Phone;
use shared::{App, Error};
use uuid::Uuid;

pub struct MetaInbox;

/// A part of a webhook delivery that could not be read.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct UnreadDelivery {
    id: Uuid,
    /// `whatsapp` or `leads`.
    source: String,
    /// Where in the delivery, for example `entry/0/changes/1/messages/0`. Empty: the whole delivery.
    place: String,
    /// Why: `not_json`, `not_a_delivery`, `nothing_in_it`, `another_number`, `no_id`, `no_sender` or `malformed`.
    reason: String,
    /// What to do about it, for a person.
    advice: String,
    received_at: Timestamp,
}

/// Whether a part can be read now.
#[derive(Object)]
struct Retried {
    /// `false`: it cannot be read with this version and these settings, and stays open.
    read: bool,
}

/// How much an event of the account matters.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum AccountEventSeverity {
    Info,
    /// Messages may stop. The managers were told.
    Danger,
}

/// An event of the WhatsApp account that Meta reported.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct AccountEvent {
    id: Uuid,
    /// Meta's name of the field: `account_update`, `message_template_status_update` …
    field: String,
    /// Meta's word for what happened: `DISABLED_UPDATE`, `REJECTED` …
    event: String,
    severity: AccountEventSeverity,
    /// What Meta reported, as it came.
    detail: Any<Value>,
    received_at: Timestamp,
}

/// A lead of a form that could not be taken.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct UnusableMetaLead {
    /// Meta's id.
    id: String,
    /// Meta's id of its form.
    form_id: Option<String>,
    /// The name that an admin gave the form.
    form_name: Option<String>,
    /// Why it could not be taken, for a person.
    reason: String,
    /// The answers: each question (`name`) with its `values`. Absent: the lead could not be fetched.
    answers: Option<Any<Value>>,
    /// When the form was submitted.
    made_at: Option<Timestamp>,
    /// When we heard of it.
    heard_at: Timestamp,
}

/// The client's number.
#[derive(Object)]
struct CorrectedNumber {
    /// As a person types it: `0812-3400-1234`.
    #[oai(validator(max_length = 100))]
    phone: String,
}

#[OpenApi]
impl MetaInbox {
    /// Parts of webhook deliveries that could not be read, oldest first
    #[oai(path = "/api/webhooks/unread", method = "get", operation_id = "unreadDeliveries", tag = Tag::Webhooks)]
    async fn unread(&self, app: Data<&App>, _admin: AdminOnly) -> Result<Vec<UnreadDelivery>> {
        Ok(Json(
            meta::unread(&app)
                .await?
                .into_iter()
                .map(Into::into)
                .collect(),
        ))
    }

    /// Read a part again, with this version and the present settings
    ///
    /// The rest of its delivery was handled and is not handled again. 404: the part is not open.
    #[oai(path = "/api/webhooks/unread/:id/retry", method = "post", operation_id = "retryUnreadDelivery", tag = Tag::Webhooks)]
    async fn retry_unread(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<Retried> {
        let read = meta::retry_unread(&app, id.0, &admin.0.user.id).await?;
        Ok(Json(Retried { read }))
    }

    /// Close a part: nothing is to be done about it
    ///
    /// Returns the parts that are left. 404: the part is not open.
    #[oai(path = "/api/webhooks/unread/:id/close", method = "post", operation_id = "closeUnreadDelivery", tag = Tag::Webhooks)]
    async fn close_unread(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<Vec<UnreadDelivery>> {
        meta::close_unread(&app, id.0, &admin.0.user.id).await?;
        Ok(Json(
            meta::unread(&app)
                .await?
                .into_iter()
                .map(Into::into)
                .collect(),
        ))
    }

    /// Events of the WhatsApp account, newest first
    ///
    /// Restrictions, states of templates, the number's quality, security. The managers are told of a danger once.
    #[oai(path = "/api/whatsapp/account-events", method = "get", operation_id = "whatsappAccountEvents", tag = Tag::Whatsapp)]
    async fn account_events(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
    ) -> Result<Vec<AccountEvent>> {
        Ok(Json(
            meta::account_events(&app)
                .await?
                .into_iter()
                .map(Into::into)
                .collect(),
        ))
    }

    /// Leads of forms that could not be taken, newest first
    #[oai(path = "/api/meta/unusable-leads", method = "get", operation_id = "unusableMetaLeads", tag = Tag::Leads)]
    async fn unusable(&self, app: Data<&App>, _admin: AdminOnly) -> Result<Vec<UnusableMetaLead>> {
        listed(&app).await
    }

    /// Take an unusable lead with a number that a person found
    ///
    /// Returns the leads that are left. 404: the lead is not unusable. 422: that is no phone number.
    #[oai(path = "/api/meta/unusable-leads/:id/number", method = "post", operation_id = "correctMetaLeadNumber", tag = Tag::Leads)]
    async fn correct(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// Meta's id: digits.
        id: Path<String>,
        body: Json<CorrectedNumber>,
    ) -> Result<Vec<UnusableMetaLead>> {
        let phone = Phone::from_human("phone", &body.0.phone)?;
        meta::correct_number(&app, known(&id.0)?, &phone).await?;
        listed(&app).await
    }

    /// Fetch an unusable lead again, and read it with the form's present mapping
    ///
    /// A job does it: the lead leaves the list, and is back if it still cannot be taken. 404: the lead is not unusable.
    #[oai(path = "/api/meta/unusable-leads/:id/retry", method = "post", operation_id = "retryMetaLead", tag = Tag::Leads)]
    async fn retry(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// Meta's id: digits.
        id: Path<String>,
    ) -> Result<Vec<UnusableMetaLead>> {
        meta::retry_lead(&app, known(&id.0)?).await?;
        listed(&app).await
    }

    /// Discard an unusable lead
    ///
    /// Returns the leads that are left. 404: the lead is not unusable.
    #[oai(path = "/api/meta/unusable-leads/:id/discard", method = "post", operation_id = "discardMetaLead", tag = Tag::Leads)]
    async fn discard(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// Meta's id: digits.
        id: Path<String>,
    ) -> Result<Vec<UnusableMetaLead>> {
        meta::discard_lead(&app, known(&id.0)?).await?;
        listed(&app).await
    }
}

/// An id that Meta can have given. Another text names no lead.
fn known(id: &str) -> shared::Result<&str> {
    if (1..=40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit()) {
        Ok(id)
    } else {
        Err(Error::NotFound {
            what: "unusable lead",
        })
    }
}

async fn listed(app: &App) -> Result<Vec<UnusableMetaLead>> {
    Ok(Json(
        meta::unusable_leads(app)
            .await?
            .into_iter()
            .map(Into::into)
            .collect(),
    ))
}

impl From<UnreadPart> for UnreadDelivery {
    fn from(part: UnreadPart) -> Self {
        Self {
            id: part.id,
            advice: part.advice().to_owned(),
            source: part.source,
            place: part.place,
            reason: part.reason,
            received_at: Timestamp(part.received_at),
        }
    }
}

impl From<ReportedEvent> for AccountEvent {
    fn from(event: ReportedEvent) -> Self {
        Self {
            id: event.id,
            field: event.field,
            event: event.event,
            severity: match event.severity.as_str() {
                "danger" => AccountEventSeverity::Danger,
                _ => AccountEventSeverity::Info,
            },
            detail: Any(event.detail),
            received_at: Timestamp(event.received_at),
        }
    }
}

impl From<UnusableLead> for UnusableMetaLead {
    fn from(lead: UnusableLead) -> Self {
        Self {
            id: lead.id,
            form_id: lead.form,
            form_name: lead.form_name,
            reason: lead.reason,
            answers: lead.answers.map(Any),
            made_at: lead.made_at.map(Timestamp),
            heard_at: Timestamp(lead.heard_at),
        }
    }
}
