//! Everything that is stored of one person, shown and erased.

use super::model::Timestamp;
use super::operations::actor;
use super::tag::Tag;
use crate::auth::{AdminOnly, ConfirmedAdmin};
use crate::problem::{ProblemResponse, Result};
use poem::web::Data;
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use serde_json::Value;
use shared::id::LeadId;
use shared::phone::Phone;
use shared::privacy::{self, RequestKind, Sought};
use shared::{App, Error, db};
use uuid::Uuid;

/// How many requests the list has at most.
const MOST_ROWS: u16 = 200;

pub struct Privacy;

/// Whose data: `phone` or `leadId`.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PersonSought {
    /// The person's number, as typed.
    phone: Option<String>,
    /// A lead of a person without a number.
    lead_id: Option<Uuid>,
}

impl PersonSought {
    fn domain(&self) -> shared::Result<Sought> {
        match (&self.phone, self.lead_id) {
            (Some(phone), None) => Ok(Sought::Phone(Phone::from_human("phone", phone)?)),
            (None, Some(lead)) => Ok(Sought::Lead(LeadId(lead))),
            _ => Err(Error::invalid("phone", "give either `phone` or `leadId`")),
        }
    }
}

/// Whose data, and why they are erased.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Erasure {
    /// The person's number, as typed.
    phone: Option<String>,
    /// A lead of a person without a number.
    lead_id: Option<Uuid>,
    /// 1 to 500 characters, for example who asked for it and when. The person's own number and name in it are replaced.
    reason: String,
}

/// Everything of one person: a list of rows for each table.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PersonData {
    generated_at: Timestamp,
    /// Their numbers and WhatsApp ids, former ones too.
    addresses: Vec<String>,
    /// The names that they gave.
    names: Vec<String>,
    /// The rows, by table.
    data: Any<Value>,
}

/// A page for the person, in Indonesian.
#[derive(ApiResponse)]
enum PersonPage {
    /// An HTML document without scripts.
    #[oai(status = 200, content_type = "text/html; charset=utf-8")]
    Page(
        PlainText<String>,
        /// The name of the file.
        #[oai(header = "Content-Disposition")]
        String,
    ),
}

/// What an erasure changed, and what stays.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ErasureReport {
    /// Leads that name nobody any more.
    leads: u64,
    /// Messages from, to and about the person, without their words.
    messages: u64,
    /// Other messages in which a number or name was replaced.
    mentions: u64,
    /// Messages that nobody had handled yet.
    unhandled: u64,
    /// Answers of forms.
    forms: u64,
    /// Deliveries as Meta sent them.
    deliveries: u64,
    /// Visits without place and note. Those ahead are cancelled.
    visits: u64,
    /// Rows of lists that an office uploaded.
    list_rows: u64,
    /// Blocks and opt-outs.
    blocks: u64,
    /// Keys of the linked device's session with the person.
    device_keys: u64,
    /// What stays, and why.
    kept: Vec<Kept>,
}

/// What an erasure leaves.
#[derive(Object)]
struct Kept {
    what: String,
    why: String,
}

/// What was done.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum PrivacyRequestKind {
    /// The data were shown.
    Export,
    /// The data were erased.
    Erase,
    /// A worker erased a lead that had ended long ago (`KEEP_CLOSED_LEADS_DAYS`).
    Age,
}

/// A request that was carried out. It contains no name and no number.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PrivacyRequest {
    id: Uuid,
    at: Timestamp,
    kind: PrivacyRequestKind,
    /// `user <id>`, `terminal <name>@<host>` or `worker`.
    by_whom: String,
    reason: Option<String>,
    /// The person's leads. After an erasure they name nobody.
    lead_ids: Vec<Uuid>,
    /// How many rows of each kind.
    counts: Any<Value>,
}

#[OpenApi]
impl Privacy {
    /// Everything that is stored of one person, as JSON
    ///
    /// Their leads, messages, forms with what they agreed to, visits, to whom their enquiries were offered, deliveries as Meta
    /// sent them. Of a person of whom nothing is stored the lists are empty. The request is recorded.
    #[oai(path = "/api/privacy/export", method = "post", operation_id = "exportPerson", tag = Tag::Privacy)]
    async fn export(
        &self,
        app: Data<&App>,
        admin: ConfirmedAdmin,
        body: Json<PersonSought>,
    ) -> Result<PersonData> {
        let data = privacy::export(&app, &actor(&admin.0), &body.domain()?).await?;
        let words = |field: &str| {
            let words = data[field].as_array().into_iter().flatten();
            words.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let generated_at = serde_json::from_value(data["generatedAt"].clone());
        Ok(Json(PersonData {
            generated_at: Timestamp(generated_at.unwrap_or_default()),
            addresses: words("addresses"),
            names: words("names"),
            data: Any(data["data"].clone()),
        }))
    }

    /// Everything that is stored of one person, as a page for them
    ///
    /// As `exportPerson`, in Indonesian, without what only programs use.
    #[oai(path = "/api/privacy/page", method = "post", operation_id = "exportPersonPage", tag = Tag::Privacy)]
    async fn page(
        &self,
        app: Data<&App>,
        admin: ConfirmedAdmin,
        body: Json<PersonSought>,
    ) -> std::result::Result<PersonPage, ProblemResponse> {
        let data = privacy::export(&app, &actor(&admin.0), &body.domain()?).await?;
        let page = privacy::page(&data, app.timezone);
        let name = "attachment; filename=\"data-pribadi.html\"".to_owned();
        Ok(PersonPage::Page(PlainText(page), name))
    }

    /// Erase one person
    ///
    /// Their distribution ends, what waits to be sent to or about them is not sent, their agents are asked to delete the chat, and
    /// their names, numbers, ids and words are gone from every table. Figures, fairness and the audit stay right. It cannot be
    /// taken back. A second call does no harm.
    #[oai(path = "/api/privacy/erase", method = "post", operation_id = "erasePerson", tag = Tag::Privacy)]
    async fn erase(
        &self,
        app: Data<&App>,
        admin: ConfirmedAdmin,
        body: Json<Erasure>,
    ) -> Result<ErasureReport> {
        let body = body.0;
        let sought = PersonSought {
            phone: body.phone,
            lead_id: body.lead_id,
        };
        let sought = sought.domain()?;
        let by = actor(&admin.0);
        let erased = db::retry_once(|| privacy::erase(&app, &by, &sought, &body.reason)).await?;
        Ok(Json(erased.into()))
    }

    /// Which data were shown and erased, when and by whom, newest first
    #[oai(path = "/api/privacy/requests", method = "get", operation_id = "privacyRequests", tag = Tag::Privacy)]
    async fn requests(&self, app: Data<&App>, _admin: AdminOnly) -> Result<Vec<PrivacyRequest>> {
        let requests = privacy::requests(&app, MOST_ROWS).await?;
        Ok(Json(requests.into_iter().map(Into::into).collect()))
    }
}

impl From<privacy::Erased> for ErasureReport {
    fn from(erased: privacy::Erased) -> Self {
        let kept = privacy::KEPT.iter().map(|(what, why)| Kept {
            what: (*what).to_owned(),
            why: (*why).to_owned(),
        });
        Self {
            leads: erased.leads,
            messages: erased.messages,
            mentions: erased.mentions,
            unhandled: erased.unhandled,
            forms: erased.forms,
            deliveries: erased.deliveries,
            visits: erased.visits,
            list_rows: erased.list_rows,
            blocks: erased.blocks,
            device_keys: erased.device_keys,
            kept: kept.collect(),
        }
    }
}

impl From<privacy::Request> for PrivacyRequest {
    fn from(request: privacy::Request) -> Self {
        Self {
            id: request.id,
            at: Timestamp(request.at),
            kind: match request.kind {
                RequestKind::Export => PrivacyRequestKind::Export,
                RequestKind::Erase => PrivacyRequestKind::Erase,
                RequestKind::Age => PrivacyRequestKind::Age,
            },
            by_whom: request.by_whom,
            reason: request.reason,
            lead_ids: request.leads,
            counts: Any(request.counts),
        }
    }
}
