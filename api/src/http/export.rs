//! Leads as a table: CSV, or an Excel workbook.

use super::day_or_time::DayOrTime;
use super::leads::{Asked, filter};
use super::model::{LeadProgress, LeadStatus};
use super::step::FunnelStep;
use super::tag::Tag;
use crate::auth::Confirmed;
use crate::problem::ProblemResponse;
use futures::TryStreamExt;
use poem::Body;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, Enum, OpenApi};
use shared::App;
use shared::pipeline::{self, Labels, Layout, Separator};

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

/// An Excel workbook (Office Open XML).
#[derive(ApiResponse)]
enum Workbook {
    /// One row for each lead, newest first; times in the company's zone.
    #[oai(
        status = 200,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )]
    Xlsx(
        Binary<Vec<u8>>,
        /// The name of the file.
        #[oai(header = "Content-Disposition")]
        String,
    ),
}

/// What stands between two cells of a CSV.
#[derive(Clone, Copy, Default, Enum)]
#[oai(rename_all = "snake_case")]
enum CsvSeparator {
    /// `,`
    #[default]
    Comma,
    /// `;`, as Excel expects it with Indonesian settings.
    Semicolon,
    /// A tab.
    Tab,
}

/// In whose words headings, statuses and reasons are.
#[derive(Clone, Copy, Default, Enum)]
#[oai(rename_all = "snake_case")]
enum ExportLabels {
    /// The names and ids of this API.
    #[default]
    Api,
    /// Indonesian.
    Id,
    /// English.
    En,
}

impl From<ExportLabels> for Labels {
    fn from(labels: ExportLabels) -> Self {
        match labels {
            ExportLabels::Api => Self::Api,
            ExportLabels::Id => Self::Indonesian,
            ExportLabels::En => Self::English,
        }
    }
}

impl From<CsvSeparator> for Separator {
    fn from(separator: CsvSeparator) -> Self {
        match separator {
            CsvSeparator::Comma => Self::Comma,
            CsvSeparator::Semicolon => Self::Semicolon,
            CsvSeparator::Tab => Self::Tab,
        }
    }
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
        viewer: Confirmed,
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
        /// Of this project. Needs `from`.
        project: Query<Option<String>>,
        /// Whose first enquiry with a campaign names this one. Needs `from`.
        campaign: Query<Option<String>>,
        /// That reached this step of the funnel. Needs `from`.
        step: Query<Option<FunnelStep>>,
        /// Created at or after this instant, or on or after this day (`2026-01-31`, in the company's zone).
        from: Query<Option<DayOrTime>>,
        /// Created before this instant, or on or before this day.
        to: Query<Option<DayOrTime>>,
        /// With this text in the name, or this number or a part of it, as people type it.
        #[oai(validator(max_length = 100))]
        q: Query<Option<String>>,
        /// What stands between two cells; a comma by default.
        separator: Query<Option<CsvSeparator>>,
        /// In whose words it is; the API's by default.
        labels: Query<Option<ExportLabels>>,
    ) -> Result<Table, ProblemResponse> {
        let filter = filter(Asked {
            status: status.0,
            progress: progress.0,
            layer2: layer2.0,
            owner: owner.0,
            owner_disabled: false,
            source: source.0,
            mark: None,
            project: project.0,
            campaign: campaign.0,
            step: step.0,
            from: from.0.map(|from| from.start(app.timezone)),
            to: to.0.map(|to| to.end(app.timezone)),
            q: q.0,
        });
        // The first lines are read before the answer begins, so that an error is answered as one.
        let layout = Layout {
            separator: separator.0.unwrap_or_default().into(),
            labels: labels.0.unwrap_or_default().into(),
        };
        let (total, rows) = pipeline::export(&app, &viewer.0.user, filter, layout).await?;
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

    /// The leads that the user can see, as an Excel workbook
    ///
    /// With the filters of the list. Numbers are text, and times are dates of Excel. More leads than a sheet has rows: 422.
    #[allow(clippy::too_many_arguments, reason = "a filter each")]
    #[oai(path = "/api/leads/export.xlsx", method = "get", operation_id = "exportLeadsWorkbook", tag = Tag::Leads)]
    async fn workbook(
        &self,
        app: Data<&App>,
        viewer: Confirmed,
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
        /// Of this project. Needs `from`.
        project: Query<Option<String>>,
        /// Whose first enquiry with a campaign names this one. Needs `from`.
        campaign: Query<Option<String>>,
        /// That reached this step of the funnel. Needs `from`.
        step: Query<Option<FunnelStep>>,
        /// Created at or after this instant, or on or after this day (`2026-01-31`, in the company's zone).
        from: Query<Option<DayOrTime>>,
        /// Created before this instant, or on or before this day.
        to: Query<Option<DayOrTime>>,
        /// With this text in the name, or this number or a part of it, as people type it.
        #[oai(validator(max_length = 100))]
        q: Query<Option<String>>,
        /// In whose words it is; the API's by default.
        labels: Query<Option<ExportLabels>>,
    ) -> Result<Workbook, ProblemResponse> {
        let filter = filter(Asked {
            status: status.0,
            progress: progress.0,
            layer2: layer2.0,
            owner: owner.0,
            owner_disabled: false,
            source: source.0,
            mark: None,
            project: project.0,
            campaign: campaign.0,
            step: step.0,
            from: from.0.map(|from| from.start(app.timezone)),
            to: to.0.map(|to| to.end(app.timezone)),
            q: q.0,
        });
        let labels = labels.0.unwrap_or_default().into();
        let file = pipeline::export_workbook(&app, &viewer.0.user, filter, labels).await?;
        Ok(Workbook::Xlsx(
            Binary(file),
            "attachment; filename=\"leads.xlsx\"".to_owned(),
        ))
    }
}
