//! The list of all WhatsApp messages.

use super::distribution::Message;
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use shared::id::MessageId;
use shared::{App, whatsapp};
use uuid::Uuid;

pub struct Messages;

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
        /// The last message of the previous page. 404 if there is no such message.
        before: Query<Option<Uuid>>,
        /// The most messages; 50 by default.
        #[oai(
            default = "fifty",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
    ) -> Result<Vec<Message>> {
        let (before, limit) = (before.0.map(MessageId), i64::from(limit.0));
        let messages = whatsapp::recent(&app, failed.0, before, limit).await?;
        Ok(Json(messages.into_iter().map(Into::into).collect()))
    }
}

fn fifty() -> u32 {
    50
}
