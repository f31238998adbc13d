//! Webhooks.

use super::model::EventAnswer;
use super::signed::Signed;
use super::tag::Tag;
use crate::intake::Intake;
use crate::meta::WebhookSecrets;
use crate::problem::{ProblemResponse, Result as Answer, bad_request, forbidden, unauthorized};
use poem::web::Data;
use poem_openapi::param::{Header, Query};
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::types::{Any, ParseFromJSON};
use poem_openapi::{ApiResponse, Object, OpenApi};
use shared::distribution::{self, Ad};
use shared::leads::Click;
use shared::meta::{self, Source};
use shared::metrics::{self, IntakeKind, Webhook};
use shared::phone::Phone;
use shared::{App, Error, db, lossy_json};
use std::time::Instant;

/// The longest text of a WhatsApp message, in characters.
const LONGEST_TEXT: usize = 4096;
/// The longest name, id or source, in characters.
const LONGEST_WORD: usize = 255;

pub struct Webhooks;

/// A lead of a form, in the previous server's flat format.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "the previous server's names")]
struct MetaLead {
    /// Meta's id of the submitted form. The same id twice changes nothing.
    meta_lead_id: String,
    /// The client's name.
    name: Option<String>,
    /// The client's number, as typed.
    phone: String,
    /// The ad.
    source_ads: Option<String>,
    /// The project of the ad.
    project: Option<String>,
    /// The campaign of the ad.
    campaign: Option<String>,
    /// The area where the client looks for a home.
    area: Option<String>,
}

/// A delivery of Meta: entries with changes, as its documentation describes them.
#[derive(Object)]
struct Delivery {
    /// `whatsapp_business_account`.
    object: String,
    /// Up to a thousand updates.
    entry: Vec<Any<serde_json::Value>>,
}

/// The delivery is stored.
#[derive(Object)]
struct Stored {
    /// Always true. A job handles the delivery.
    stored: bool,
}

/// The answer to the handshake.
#[derive(ApiResponse)]
enum Challenge {
    /// The challenge, unchanged.
    #[oai(status = 200)]
    Answered(PlainText<String>),
}

#[OpenApi]
impl Webhooks {
    /// Meta's handshake for WhatsApp
    ///
    /// Meta allows one callback URL for handshake and deliveries: this path and `/messages` serve both.
    #[oai(path = "/webhooks/whatsapp", method = "get", operation_id = "verifyWhatsappWebhook", tag = Tag::Webhooks)]
    async fn verify_whatsapp(
        &self,
        secrets: Data<&WebhookSecrets>,
        /// `subscribe`.
        #[oai(name = "hub.mode")]
        mode: Query<Option<String>>,
        /// `WHATSAPP_VERIFY_TOKEN`.
        #[oai(name = "hub.verify_token")]
        token: Query<Option<String>>,
        /// The challenge; it is returned unchanged.
        #[oai(name = "hub.challenge")]
        challenge: Query<Option<String>>,
    ) -> Result<Challenge, ProblemResponse> {
        shake_hands(&secrets, mode.0.as_deref(), token.0.as_deref(), challenge.0).await
    }

    /// Meta's handshake for WhatsApp, at the previous server's other path
    #[oai(path = "/webhooks/whatsapp/messages", method = "get", operation_id = "verifyWhatsappMessagesWebhook", tag = Tag::Webhooks)]
    async fn verify_whatsapp_messages(
        &self,
        secrets: Data<&WebhookSecrets>,
        /// `subscribe`.
        #[oai(name = "hub.mode")]
        mode: Query<Option<String>>,
        /// `WHATSAPP_VERIFY_TOKEN`.
        #[oai(name = "hub.verify_token")]
        token: Query<Option<String>>,
        /// The challenge; it is returned unchanged.
        #[oai(name = "hub.challenge")]
        challenge: Query<Option<String>>,
    ) -> Result<Challenge, ProblemResponse> {
        shake_hands(&secrets, mode.0.as_deref(), token.0.as_deref(), challenge.0).await
    }

    /// Meta's handshake for leads of forms
    #[oai(path = "/webhooks/meta/leads", method = "get", operation_id = "verifyMetaLeadsWebhook", tag = Tag::Webhooks)]
    async fn verify_leads(
        &self,
        secrets: Data<&WebhookSecrets>,
        /// `subscribe`.
        #[oai(name = "hub.mode")]
        mode: Query<Option<String>>,
        /// `WHATSAPP_VERIFY_TOKEN`.
        #[oai(name = "hub.verify_token")]
        token: Query<Option<String>>,
        /// The challenge; it is returned unchanged.
        #[oai(name = "hub.challenge")]
        challenge: Query<Option<String>>,
    ) -> Result<Challenge, ProblemResponse> {
        shake_hands(&secrets, mode.0.as_deref(), token.0.as_deref(), challenge.0).await
    }

    /// Take a WhatsApp delivery
    ///
    /// It must be signed with the app's secret (`X-Hub-Signature-256`), else 401. An authentic body is answered
    /// 200 once it is stored, whatever it contains, because Meta delivers it again after any other answer.
    #[oai(path = "/webhooks/whatsapp", method = "post", operation_id = "receiveWhatsapp", tag = Tag::Webhooks)]
    async fn whatsapp(
        &self,
        app: Data<&Intake>,
        secrets: Data<&WebhookSecrets>,
        body: Signed<Delivery>,
    ) -> Answer<Stored> {
        store(
            &app,
            &secrets,
            Source::WhatsApp,
            &body.body,
            body.signature.as_deref(),
        )
        .await
    }

    /// Take a WhatsApp delivery, at the previous server's other path
    #[oai(path = "/webhooks/whatsapp/messages", method = "post", operation_id = "receiveWhatsappMessages", tag = Tag::Webhooks)]
    async fn whatsapp_messages(
        &self,
        app: Data<&Intake>,
        secrets: Data<&WebhookSecrets>,
        body: Signed<Delivery>,
    ) -> Answer<Stored> {
        store(
            &app,
            &secrets,
            Source::WhatsApp,
            &body.body,
            body.signature.as_deref(),
        )
        .await
    }

    /// Take a lead of a form
    ///
    /// This path accepts two formats. (1) The flat format needs `X-Meta-Leads-Token`, unless the provider is
    /// `dummy`. A cycle starts at once. While
    /// a cycle is open, the enquiry is added to it. If the lead has an owner, the owner is notified. After
    /// hangus, a new cycle starts. (2) Meta's own `leadgen` delivery is signed with the app's secret. It is stored
    /// (`outcome: noted`), and its leads are fetched and taken soon after.
    #[oai(path = "/webhooks/meta/leads", method = "post", operation_id = "receiveMetaLead", tag = Tag::Webhooks)]
    async fn meta_lead(
        &self,
        app: Data<&Intake>,
        secrets: Data<&WebhookSecrets>,
        /// `META_LEADS_TOKEN`, for the flat format.
        #[oai(name = "X-Meta-Leads-Token")]
        token: Header<Option<String>>,
        body: Signed<MetaLead>,
    ) -> Answer<EventAnswer> {
        // A body is parsed only if its signature or token is right: parsed, it takes many times its size.
        if body.signature.is_some() {
            return store_leads(&app, &secrets, &body).await;
        }
        if app.provider.name() != "dummy" && !secrets.knows_leads_token(token.0.as_deref()) {
            metrics::webhook(IntakeKind::Form, Webhook::Refused);
            return Err(unauthorized(
                "X-Hub-Signature-256 or X-Meta-Leads-Token is missing or wrong",
            ));
        }
        // Meta's format is read as well as it can be. A flat form that is good JSON is taken at its word, so that a
        // character that cannot be stored is an error with the field's name.
        let given: serde_json::Value = serde_json::from_slice(&body.body)
            .or_else(|_| lossy_json::parse(&body.body))
            .unwrap_or_default();
        if given["object"] == "page" {
            return store_leads(&app, &secrets, &body).await;
        }
        let given = MetaLead::parse_from_json(Some(given))
            .map_err(|error| bad_request(&error.into_message()))?;
        let ad = Ad {
            meta_lead_id: required("metaLeadId", &given.meta_lead_id, LONGEST_WORD)?,
            name: optional("name", given.name.as_deref())?,
            phone: Phone::from_human("phone", &given.phone)?,
            source_ads: optional("sourceAds", given.source_ads.as_deref())?,
            project: optional("project", given.project.as_deref())?,
            campaign: optional("campaign", given.campaign.as_deref())?,
            area: optional("area", given.area.as_deref())?,
            click: Click::default(),
        };
        let started = Instant::now();
        let report = db::retry_once(|| distribution::take_ad(&app, &ad)).await;
        measure(IntakeKind::Form, started, report.is_ok());
        let report = report?;
        answer(&app, &report).await
    }
}

async fn shake_hands(
    secrets: &WebhookSecrets,
    mode: Option<&str>,
    token: Option<&str>,
    challenge: Option<String>,
) -> Result<Challenge, ProblemResponse> {
    match (mode, token, challenge) {
        (Some("subscribe"), Some(token), Some(challenge)) if secrets.knows_handshake(token) => {
            Ok(Challenge::Answered(PlainText(challenge)))
        }
        _ => Err(forbidden("this is not Meta's handshake")),
    }
}

/// Takes Meta's own delivery of leads. One without a signature is refused.
async fn store_leads(
    app: &App,
    secrets: &WebhookSecrets,
    body: &Signed<MetaLead>,
) -> Answer<EventAnswer> {
    let signature = body.signature.as_deref();
    store(app, secrets, Source::Leads, &body.body, signature).await?;
    Ok(Json(EventAnswer::new(&stored_report(), None)))
}

async fn store(
    app: &App,
    secrets: &WebhookSecrets,
    source: Source,
    body: &[u8],
    signature: Option<&str>,
) -> Answer<Stored> {
    let kind = match source {
        Source::WhatsApp => IntakeKind::Whatsapp,
        Source::Leads => IntakeKind::MetaLeads,
    };
    if !secrets.is_authentic(body, signature) {
        metrics::webhook(kind, Webhook::Refused);
        return Err(unauthorized("X-Hub-Signature-256 is missing or wrong"));
    }
    let started = Instant::now();
    let stored = meta::take_delivery(app, source, body).await;
    measure(kind, started, stored.is_ok());
    stored?;
    Ok(Json(Stored { stored: true }))
}

/// Records how a webhook was answered, and how long its commit took.
fn measure(kind: IntakeKind, started: Instant, is_stored: bool) {
    if is_stored {
        metrics::taken_in(kind, started.elapsed());
        metrics::webhook(kind, Webhook::Stored);
    } else {
        metrics::webhook(kind, Webhook::Failed);
    }
}

fn stored_report() -> distribution::Report {
    distribution::Report {
        outcome: distribution::Outcome::Noted,
        duplicate: false,
        message: None,
        lead: None,
        attempt: None,
    }
}

/// The answer to an event: its outcome, and the state of its lead.
pub(super) async fn answer(app: &App, report: &distribution::Report) -> Answer<EventAnswer> {
    let snapshot = match report.lead {
        Some(lead) => Some(distribution::snapshot(app, lead, report.attempt).await?),
        None => None,
    };
    Ok(Json(EventAnswer::new(report, snapshot)))
}

/// Requires a text that is not empty.
pub(super) fn required(field: &'static str, given: &str, longest: usize) -> shared::Result<String> {
    let given = given.trim();
    if given.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    bounded(field, given, longest)
}

/// An optional text. An empty text counts as absent.
pub(super) fn optional(field: &'static str, given: Option<&str>) -> shared::Result<Option<String>> {
    match given.map(str::trim) {
        None | Some("") => Ok(None),
        Some(given) => bounded(field, given, LONGEST_WORD).map(Some),
    }
}

/// The text of a chat message. It can be empty.
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
    // PostgreSQL's text cannot contain it.
    if given.contains('\0') {
        return Err(Error::invalid(field, "contains a NUL character"));
    }
    Ok(given.to_owned())
}
