//! In whose words an export is: the API's, or the reader's.

use super::columns::COLUMNS;
use crate::Result;
use crate::leads::{LeadProgress, LeadStatus};
use crate::pipeline::choices::choices;
use crate::pipeline::model::ChoiceKind;
use sqlx::PgConnection;
use std::collections::HashMap;

/// In whose words headings and statuses are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Labels {
    /// The API's names and ids, as the previous server had them.
    #[default]
    Api,
    /// Indonesian.
    Indonesian,
    /// English.
    English,
}

const INDONESIAN: [&str; COLUMNS.len()] = [
    "ID",
    "Nama",
    "Nomor",
    "Status",
    "Progres",
    "ID sales",
    "Sales",
    "Status lapis 2",
    "Alasan ditolak",
    "Catatan",
    "Sumber",
    "Proyek",
    "Area",
    "Masuk",
    "Diubah",
    "Diambil",
    "Kampanye",
    "Kunjungan",
];

const ENGLISH: [&str; COLUMNS.len()] = [
    "ID",
    "Name",
    "Number",
    "Status",
    "Progress",
    "Agent ID",
    "Agent",
    "Layer 2 status",
    "Rejected because",
    "Note",
    "Source",
    "Project",
    "Area",
    "Received",
    "Changed",
    "Claimed",
    "Campaign",
    "Visits",
];

/// The words of an export, with the labels of the small tables.
pub(super) struct Words {
    labels: Labels,
    layer2: HashMap<String, String>,
    reasons: HashMap<String, String>,
}

impl Words {
    /// Reads the labels of the small tables.
    pub(super) async fn read(connection: &mut PgConnection, labels: Labels) -> Result<Self> {
        let mut tables = [HashMap::new(), HashMap::new()];
        if labels != Labels::Api {
            let kinds = [ChoiceKind::Layer2Status, ChoiceKind::RejectedReason];
            for (table, kind) in tables.iter_mut().zip(kinds) {
                let all = choices(connection, kind).await?;
                table.extend(all.into_iter().map(|choice| (choice.id, choice.label)));
            }
        }
        let [layer2, reasons] = tables;
        Ok(Self {
            labels,
            layer2,
            reasons,
        })
    }

    /// The line of headings.
    pub(super) fn headings(&self) -> [&'static str; COLUMNS.len()] {
        match self.labels {
            Labels::Api => COLUMNS,
            Labels::Indonesian => INDONESIAN,
            Labels::English => ENGLISH,
        }
    }

    pub(super) fn layer2<'id>(&'id self, id: &'id str) -> &'id str {
        self.layer2.get(id).map_or(id, String::as_str)
    }

    pub(super) fn reason<'id>(&'id self, id: &'id str) -> &'id str {
        self.reasons.get(id).map_or(id, String::as_str)
    }

    pub(super) fn status(&self, status: LeadStatus) -> String {
        let (indonesian, english) = match status {
            LeadStatus::New => ("Baru", "New"),
            LeadStatus::Distributing => ("Sedang dibagikan", "Being offered"),
            LeadStatus::Claimed => ("Dipegang sales", "Claimed"),
            LeadStatus::Hangus => ("Hangus", "Hangus"),
            LeadStatus::Closed => ("Ditutup", "Closed"),
        };
        self.word(status.as_str(), indonesian, english)
    }

    pub(super) fn progress(&self, progress: LeadProgress) -> String {
        let (indonesian, english) = match progress {
            LeadProgress::Pending => ("Belum dihubungi", "Not contacted"),
            LeadProgress::NoAction => ("Tidak ada yang ambil", "Nobody took it"),
            LeadProgress::Contacted => ("Sudah dihubungi", "Contacted"),
            LeadProgress::FollowUp => ("Tindak lanjut", "Follow-up"),
            LeadProgress::Visit => ("Kunjungan", "Visit"),
            LeadProgress::Negotiation => ("Negosiasi", "Negotiation"),
            LeadProgress::Won => ("Terjual", "Sold"),
            LeadProgress::Lost => ("Batal", "Lost"),
        };
        self.word(progress.as_str(), indonesian, english)
    }

    fn word(&self, api: &str, indonesian: &str, english: &str) -> String {
        match self.labels {
            Labels::Api => api,
            Labels::Indonesian => indonesian,
            Labels::English => english,
        }
        .to_owned()
    }
}
