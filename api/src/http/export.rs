//! Leads as a table that a spreadsheet opens.

use super::leads::{Asked, filter};
use super::model::{LeadProgress, LeadStatus, Timestamp};
use super::tag::Tag;
use crate::auth::SignedIn;
use crate::problem::ProblemResponse;
use futures::TryStreamExt;
use poem::Body;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, OpenApi};
use shared::{App, pipeline};

pub struct Export;

/// Comma-separated values (RFC 4180), UTF-8, the first line naming the columns.
#[derive(ApiResponse)]
enum Table {
    /// One line a lead, the newest first; times by the company's clock.
    #[oai(status = 200, content_type = "text/csv")]
    Csv(
        Binary<Body>,
        /// Names the file.
        #[oai(header = "Content-Disposition")]
        String,
    ),
}

#[OpenApi]
impl Export {
    /// The leads that one may see, as CSV
    ///
    /// The filters of the list, and all that they leave. Text that a spreadsheet would take for a
    /// formula begins with an apostrophe.
    #[allow(clippy::too_many_arguments, reason = "a filter each")]
    #[oai(path = "/api/leads/export", method = "get", operation_id = "exportLeads", tag = Tag::Leads)]
    async fn leads(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        /// Of any of these.
        #[oai(default)]
        status: Query<Vec<LeadStatus>>,
        /// As far as any of these.
        #[oai(default)]
        progress: Query<Vec<LeadProgress>>,
        /// Of this layer 2 status.
        layer2: Query<Option<String>>,
        /// This agent's, by user id.
        owner: Query<Option<String>>,
        /// From this ad.
        source: Query<Option<String>>,
        /// First heard of at or after this instant.
        from: Query<Option<Timestamp>>,
        /// And before this one.
        to: Query<Option<Timestamp>>,
        /// With these letters or figures in their name or number.
        #[oai(validator(max_length = 100))]
        q: Query<Option<String>>,
    ) -> Result<Table, ProblemResponse> {
        let filter = filter(Asked {
            status: status.0,
            progress: progress.0,
            layer2: layer2.0,
            owner: owner.0,
            source: source.0,
            from: from.0,
            to: to.0,
            q: q.0,
        });
        // The first lines are read before the answer begins: an error is a clear one.
        let rows = pipeline::export(&app, &viewer.0.user, filter).await?;
        let body = Body::from_bytes_stream(rows.map_err(|error| {
            tracing::error!(%error, "api.export_broke_off");
            std::io::Error::other("the export broke off")
        }));
        Ok(Table::Csv(
            Binary(body),
            "attachment; filename=\"leads.csv\"".to_owned(),
        ))
    }
}
