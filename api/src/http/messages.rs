//! The list of all WhatsApp messages.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::App;
use shared::id::MessageId;
use shared::whatsapp::{self, RecentMessage, RecentMessages};
use uuid::Uuid;

pub struct Messages;

/// A message.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ListedMessage {
    id: Uuid,
    /// `in` or `out`.
    direction: String,
    /// Inbound: `client`, `agent`, `stranger` or `manager`. Outbound: the purpose (`offer`, `late` …).
    kind: String,
    from_wa: String,
    to_wa: String,
    body: String,
    /// The delivery status: `received`; `queued`, `accepted`, `sent`, `delivered`, `read`, `failed`.
    delivery_status: String,
    /// Why it was not delivered.
    delivery_error: Option<String>,
    /// The lead that it is about.
    lead_id: Option<Uuid>,
    lead_name: Option<String>,
    accepted_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
    created_at: Timestamp,
}

#[OpenApi]
impl Messages {
    /// The WhatsApp messages in and out, newest first
    #[oai(path = "/api/whatsapp/messages", method = "get", operation_id = "whatsappMessages", tag = Tag::Whatsapp)]
    async fn messages(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// `true`: only messages that were not delivered.
        #[oai(default)]
        failed: Query<bool>,
        /// The last message of the previous page.
        before: Query<Option<Uuid>>,
        /// The most messages; 50 by default.
        #[oai(
            default = "fifty",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
    ) -> Result<Vec<ListedMessage>> {
        let page = RecentMessages {
            only_failed: failed.0,
            before: before.0.map(MessageId),
            limit: i64::from(limit.0),
        };
        let messages = whatsapp::recent(&app, &page).await?;
        Ok(Json(messages.into_iter().map(Into::into).collect()))
    }
}

fn fifty() -> u32 {
    50
}

impl From<RecentMessage> for ListedMessage {
    fn from(message: RecentMessage) -> Self {
        Self {
            id: message.id.0,
            direction: message.direction,
            kind: message.kind,
            from_wa: message.from_wa,
            to_wa: message.to_wa,
            body: message.body,
            delivery_status: message.delivery_status,
            delivery_error: message.delivery_error,
            lead_id: message.lead.map(|lead| lead.0),
            lead_name: message.lead_name,
            accepted_at: message.accepted_at.map(Timestamp),
            delivered_at: message.delivered_at.map(Timestamp),
            read_at: message.read_at.map(Timestamp),
            created_at: Timestamp(message.created_at),
        }
    }
}
