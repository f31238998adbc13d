//! Lists of leads: an admin uploads a file, looks at what would happen, and has the rows entered.

use super::model::{Timestamp, wire_enum};
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::Body;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{Enum, Object, OpenApi};
use shared::id::UserId;
use shared::lead_lists::{self, LARGEST_FILE, Upload};
use shared::{App, Error, db};
use uuid::Uuid;

pub struct LeadLists;

wire_enum! {
    /// How far a list is.
    LeadListState("snake_case") from lead_lists::ListState {
        /// It was read, and nothing was entered.
        Preview,
        /// Its rows are being entered.
        Running,
        /// Every row was entered, found to be a duplicate, or refused.
        Done
    }
}

wire_enum! {
    /// What becomes of a row.
    LeadListRowState("snake_case") from lead_lists::RowState {
        /// It will be entered.
        Ready,
        /// It was entered.
        Entered,
        /// A lead or an earlier row has its number.
        Duplicate,
        /// It cannot be entered.
        Refused
    }
}

/// A list of leads, with how many of its rows are in which state.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LeadList {
    id: Uuid,
    file_name: Option<String>,
    /// Who uploaded it; absent if the user was deleted.
    by_user_id: Option<String>,
    state: LeadListState,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// Rows that will be entered. While the list runs: what is left.
    ready: i64,
    entered: i64,
    duplicate: i64,
    refused: i64,
}

/// A row of a list.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LeadListRow {
    /// The row of the file; the line of headings is row 1.
    row: i32,
    /// The number as it stands in the file.
    given_phone: String,
    /// The number as it was understood, E.164.
    phone: Option<String>,
    name: Option<String>,
    source: Option<String>,
    project: Option<String>,
    note: Option<String>,
    /// Who owns the lead; absent: it is distributed.
    owner_id: Option<String>,
    state: LeadListRowState,
    /// Why it is a duplicate or refused.
    reason: Option<String>,
    /// The lead that was entered, or that has the number already.
    lead_id: Option<Uuid>,
}

#[OpenApi]
impl LeadLists {
    /// Upload a list of leads
    ///
    /// CSV (with commas, semicolons or tabs) or XLSX, at most 4 MB and 5,000 rows. The first line names the columns, in
    /// Indonesian or English: number (required), name, source, project, note, and agent (a name or an e-mail). Nothing
    /// is entered: the answer and the rows say what would happen.
    #[oai(path = "/api/lead-lists", method = "post", operation_id = "uploadLeadList", tag = Tag::Leads)]
    async fn upload(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        /// The name of the file, for the list of lists.
        #[oai(name = "fileName", validator(max_length = 200))]
        file_name: Query<Option<String>>,
        /// Who owns the leads of rows that name no agent, by user id. Absent: they are distributed.
        #[oai(name = "ownerId")]
        owner_id: Query<Option<String>>,
        /// The source of rows that name none.
        #[oai(validator(max_length = 200))]
        source: Query<Option<String>>,
        body: Binary<Body>,
    ) -> Result<LeadList> {
        let bytes = body.0.into_bytes_limit(LARGEST_FILE).await;
        let bytes = bytes.map_err(|_| Error::invalid("file", "is larger than 4 MB: divide it"))?;
        let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let upload = Upload {
            file_name: said(file_name.0),
            bytes: bytes.into(),
            owner: said(owner_id.0).map(UserId),
            source: said(source.0),
        };
        Ok(Json(
            lead_lists::upload(&app, &admin.0.user, upload)
                .await?
                .into(),
        ))
    }

    /// The latest fifty lists
    #[oai(path = "/api/lead-lists", method = "get", operation_id = "leadLists", tag = Tag::Leads)]
    async fn latest(&self, app: Data<&App>, _admin: AdminOnly) -> Result<Vec<LeadList>> {
        let lists = lead_lists::latest(&app).await?;
        Ok(Json(lists.into_iter().map(Into::into).collect()))
    }

    /// A list, with how far it is
    #[oai(path = "/api/lead-lists/:id", method = "get", operation_id = "leadList", tag = Tag::Leads)]
    async fn one(&self, app: Data<&App>, _admin: AdminOnly, id: Path<Uuid>) -> Result<LeadList> {
        Ok(Json(lead_lists::one(&app, id.0).await?.into()))
    }

    /// The rows of a list, in the order of the file
    #[oai(path = "/api/lead-lists/:id/rows", method = "get", operation_id = "leadListRows", tag = Tag::Leads)]
    async fn rows(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
        /// In this state.
        state: Query<Option<LeadListRowState>>,
        /// After this row.
        #[oai(default)]
        after: Query<i32>,
        /// The most rows.
        #[oai(
            default = "two_hundred",
            validator(minimum(value = "1"), maximum(value = "1000"))
        )]
        limit: Query<u32>,
    ) -> Result<Vec<LeadListRow>> {
        let state = state.0.map(Into::into);
        let rows = lead_lists::rows(&app, id.0, state, after.0, i64::from(limit.0)).await?;
        Ok(Json(rows.into_iter().map(Into::into).collect()))
    }

    /// Enter the rows of a list that are ready
    ///
    /// A row with an owner becomes their lead without an offer; each owner gets one summary at the end. The others are
    /// distributed as any lead. If the list was started before: 409 `list_started`.
    #[oai(path = "/api/lead-lists/:id/start", method = "post", operation_id = "startLeadList", tag = Tag::Leads)]
    async fn start(&self, app: Data<&App>, admin: AdminOnly, id: Path<Uuid>) -> Result<LeadList> {
        let user = &admin.0.user;
        let list = db::retry_once(|| lead_lists::start(&app, user, id.0)).await?;
        Ok(Json(list.into()))
    }

    /// Discard a list that was not started
    ///
    /// If it was: 409 `list_started`.
    #[oai(path = "/api/lead-lists/:id", method = "delete", operation_id = "discardLeadList", tag = Tag::Leads)]
    async fn discard(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<Vec<LeadList>> {
        lead_lists::discard(&app, &admin.0.user, id.0).await?;
        let lists = lead_lists::latest(&app).await?;
        Ok(Json(lists.into_iter().map(Into::into).collect()))
    }
}

fn two_hundred() -> u32 {
    200
}

impl From<lead_lists::LeadList> for LeadList {
    fn from(list: lead_lists::LeadList) -> Self {
        Self {
            id: list.id,
            file_name: list.file_name,
            by_user_id: list.by.map(|by| by.0),
            state: list.state.into(),
            created_at: Timestamp(list.created_at),
            started_at: list.started_at.map(Timestamp),
            ended_at: list.ended_at.map(Timestamp),
            ready: list.ready,
            entered: list.entered,
            duplicate: list.duplicate,
            refused: list.refused,
        }
    }
}

impl From<lead_lists::ListRow> for LeadListRow {
    fn from(row: lead_lists::ListRow) -> Self {
        Self {
            row: row.n,
            given_phone: row.given_phone,
            phone: row.phone.map(|phone| phone.as_str().to_owned()),
            name: row.name,
            source: row.source,
            project: row.project,
            note: row.note,
            owner_id: row.owner.map(|owner| owner.0),
            state: row.state.into(),
            reason: row.reason,
            lead_id: row.lead.map(|lead| lead.0),
        }
    }
}
