//! Leads as CSV.

use super::day_or_time::DayOrTime;
use super::leads::{Asked, filter};
use super::model::{LeadProgress, LeadStatus};
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
    /// One line for each lead, newest first; times in the company's zone.
    #[oai(status = 200, content_type = "text/csv; charset=utf-8")]
    Csv(
        Binary<Body>,
        /// The name of the file.
        #[oai(header = "Content-Disposition")]
        String,
        /// How many leads the file will have, as far as that is known when it begins: a client can show what is left.
        #[oai(header = "X-Total-Count")]
        i64,
    ),
}

#[OpenApi]
impl Export {
    /// The leads that the user can see, as CSV
    ///
    /// With the filters of the list, and without a limit. Text that a spreadsheet would take for a formula begins with
    /// an apostrophe.
    #[allow(clippy::too_many_arguments, reason = "a filter each")]
    #[oai(path = "/api/leads/export", method = "get", operation_id = "exportLeads", tag = Tag::Leads)]
    async fn leads(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        /// With one of these statuses.
        #[oai(default)]
        status: Query<Vec<LeadStatus>>,
        /// With one of these steps of progress.
        #[oai(default)]
        progress: Query<Vec<LeadProgress>>,
        /// With this layer 2 status.
        layer2: Query<Option<String>>,
        /// Owned by this agent, by user id.
        owner: Query<Option<String>>,
        /// From this ad.
        source: Query<Option<String>>,
        /// Created at or after this instant, or on or after this day (`2026-01-31`, in the company's zone).
        from: Query<Option<DayOrTime>>,
        /// Created before this instant, or on or before this day.
        to: Query<Option<DayOrTime>>,
        /// With this text in the name, or this number or a part of it, as people type it.
        #[oai(validator(max_length = 100))]
        q: Query<Option<String>>,
    ) -> Result<Table, ProblemResponse> {
        let filter = filter(Asked {
            status: status.0,
            progress: progress.0,
            layer2: layer2.0,
            owner: owner.0,
            owner_disabled: false,
            source: source.0,
            from: from.0.map(|from| from.start(app.timezone)),
            to: to.0.map(|to| to.end(app.timezone)),
            q: q.0,
        });
        // The first lines are read before the answer begins, so that an error is answered as one.
        let (total, rows) = pipeline::export(&app, &viewer.0.user, filter).await?;
        let body = Body::from_bytes_stream(rows.map_err(|error| {
            tracing::error!(%error, "api.export_broke_off");
            std::io::Error::other("the export broke off")
        }));
        Ok(Table::Csv(
            Binary(body),
            "attachment; filename=\"leads.csv\"".to_owned(),
            total,
        ))
    }
}
