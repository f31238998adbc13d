//! Who gets no messages: numbers that an admin blocked, and clients who asked for it.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use shared::App;
use shared::contacts;
use shared::phone::Phone;

pub struct Contacts;

/// Why a number gets no messages.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum BlockKind {
    /// The client asked for it.
    OptedOut,
    /// An admin blocked it.
    Blocked,
}

/// A number that gets no messages.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ContactBlock {
    /// The number, or a WhatsApp id (`bsuid:…`, `lid:…`) of a person whose number is unknown.
    address: String,
    kind: BlockKind,
    reason: Option<String>,
    by_user_id: Option<String>,
    since: Timestamp,
}

/// A number to be blocked.
#[derive(Object)]
struct NewBlock {
    /// The number, as typed.
    phone: String,
    /// 1 to 200 characters.
    reason: String,
}

#[OpenApi]
impl Contacts {
    /// The numbers that get no messages, the latest first
    #[oai(path = "/api/contacts/blocked", method = "get", operation_id = "blockedContacts", tag = Tag::Leads)]
    async fn blocked(&self, app: Data<&App>, _admin: AdminOnly) -> Result<Vec<ContactBlock>> {
        let blocks = contacts::blocks(&app).await?;
        Ok(Json(blocks.into_iter().map(Into::into).collect()))
    }

    /// Block a number
    ///
    /// Its messages and forms are stored and have no consequence: no lead, no offer, no answer, no notice.
    #[oai(path = "/api/contacts/blocked", method = "post", operation_id = "blockContact", tag = Tag::Leads)]
    async fn block(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        body: Json<NewBlock>,
    ) -> Result<Vec<ContactBlock>> {
        let phone = Phone::from_human("phone", &body.phone)?;
        contacts::block(&app, &admin.0.user, &phone, &body.reason).await?;
        let blocks = contacts::blocks(&app).await?;
        Ok(Json(blocks.into_iter().map(Into::into).collect()))
    }

    /// End a block, or an opt-out that the client took back
    #[oai(path = "/api/contacts/blocked/:phone", method = "delete", operation_id = "unblockContact", tag = Tag::Leads)]
    async fn unblock(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        phone: Path<String>,
    ) -> Result<Vec<ContactBlock>> {
        let phone = Phone::from_human("phone", &phone.0)?;
        contacts::unblock(&app, &admin.0.user, &phone).await?;
        let blocks = contacts::blocks(&app).await?;
        Ok(Json(blocks.into_iter().map(Into::into).collect()))
    }
}

impl From<contacts::Block> for ContactBlock {
    fn from(block: contacts::Block) -> Self {
        Self {
            address: block.address.as_str().to_owned(),
            kind: match block.kind {
                contacts::BlockKind::OptedOut => BlockKind::OptedOut,
                contacts::BlockKind::Blocked => BlockKind::Blocked,
            },
            reason: block.reason,
            by_user_id: block.by.map(|id| id.0),
            since: Timestamp(block.created_at),
        }
    }
}
