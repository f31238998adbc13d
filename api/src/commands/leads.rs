//! `api leads`: what waits for a person, and why a lead went to whom.

use super::actor::actor;
use super::print;
use clap::Subcommand;
use serde_json::json;
use shared::distribution::{AttemptStatus, BoardSeat};
use shared::id::LeadId;
use shared::{App, distribution, operations};
use uuid::Uuid;

/// How many rows a list has at most.
const MOST_ROWS: u16 = 200;

/// What `api leads` does. It shows ids, times and agents, and no client's name, number or words.
#[derive(Clone, Debug, Subcommand)]
pub enum Leads {
    /// Count what waits for a person.
    Trouble,
    /// List messages that could not be handled five times.
    Unheard,
    /// Have one of them handled again.
    RetryUnheard {
        /// The message.
        id: Uuid,
    },
    /// List messages that failed for good in the last day, newest first.
    Failed,
    /// List the leads with an open offer and who has it, the most urgent first.
    Open,
    /// List sends whose outcome is not known.
    Unsettled,
    /// Show who was offered a lead, when and by which rule.
    Story {
        /// The lead.
        id: Uuid,
    },
}

/// Runs one of the commands. Fails if the database does, or if there is no such message or lead.
pub async fn run(app: &App, command: &Leads, as_json: bool) -> anyhow::Result<()> {
    match command {
        Leads::Trouble => trouble(app, as_json).await,
        Leads::Unheard => {
            let rows = operations::unheard(app, MOST_ROWS).await?;
            let rows = rows.into_iter().map(|row| {
                [
                    row.id.to_string(),
                    row.received_at.to_rfc3339(),
                    row.failures.to_string(),
                ]
            });
            list(["id", "received_at", "failures"], rows, as_json)
        }
        Leads::RetryUnheard { id } => {
            operations::retry_unheard(app, &actor(), *id).await?;
            Ok(print::line("the sweep handles it again within a second")?)
        }
        Leads::Unsettled => {
            let rows = operations::unsettled(app, MOST_ROWS).await?;
            let rows = rows
                .into_iter()
                .map(|row| [row.id.to_string(), row.started_at.to_rfc3339(), row.form]);
            list(["id", "started_at", "form"], rows, as_json)
        }
        Leads::Failed => {
            let rows = operations::failed(app, MOST_ROWS).await?;
            let rows = rows
                .into_iter()
                .map(|row| [row.id.to_string(), row.created_at.to_rfc3339(), row.reason]);
            list(["id", "created_at", "reason"], rows, as_json)
        }
        Leads::Open => open(app, as_json).await,
        Leads::Story { id } => story(app, LeadId(*id), as_json).await,
    }
}

fn list(
    head: [&str; 3],
    rows: impl Iterator<Item = [String; 3]>,
    as_json: bool,
) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = rows.map(Vec::from).collect();
    if as_json {
        let record =
            |row: &Vec<String>| json!({ (head[0]): row[0], (head[1]): row[1], (head[2]): row[2] });
        return Ok(print::json(&rows.iter().map(record).collect())?);
    }
    Ok(print::table(&head, &rows)?)
}

async fn trouble(app: &App, as_json: bool) -> anyhow::Result<()> {
    let counts = operations::trouble(app).await?;
    let rows = [
        (
            counts.jobs_dead,
            "dead letters",
            "jobs_dead",
            "api jobs list --state dead",
        ),
        (
            counts.messages_unheard,
            "messages that could not be handled",
            "messages_unheard",
            "api leads unheard",
        ),
        (
            counts.messages_failed_1d,
            "messages that failed in the last day",
            "messages_failed_1d",
            "api leads failed: write to them by hand if it still matters",
        ),
        (
            counts.deliveries_unread,
            "parts of deliveries that could not be read",
            "deliveries_unread",
            "an admin finds them on the desk under \"Needs a look\"",
        ),
        (
            counts.meta_leads_unusable,
            "leads of forms without a number",
            "meta_leads_unusable",
            "an admin finds them on the desk under \"Needs a look\"",
        ),
        (
            counts.sends_unsettled,
            "sends without an outcome",
            "sends_unsettled",
            "nothing: a status settles each, or it is sent again after a minute",
        ),
    ];
    if as_json {
        let fields = rows
            .iter()
            .map(|(count, _, name, _)| ((*name).to_owned(), json!(count)));
        let value = serde_json::Value::Object(fields.collect());
        return Ok(print::json(&value)?);
    }
    let rows = rows.map(|(count, words, _, action)| {
        vec![count.to_string(), words.to_owned(), action.to_owned()]
    });
    Ok(print::table(&["count", "what", "what to do"], &rows)?)
}

/// Every lead with an open offer, the most urgent first: whom to call while WhatsApp is away.
async fn open(app: &App, as_json: bool) -> anyhow::Result<()> {
    let board = distribution::board(app).await?;
    let rows = board.leads.iter().filter_map(|row| {
        let open = |seat: &&BoardSeat| seat.status == Some(AttemptStatus::Open);
        let seat = row.seats.iter().find(open)?;
        let deadline = seat.ack_deadline_at?.to_rfc3339();
        Some([row.lead.lead.to_string(), seat.name.clone(), deadline])
    });
    list(["lead", "agent", "deadline"], rows, as_json)
}

async fn story(app: &App, lead: LeadId, as_json: bool) -> anyhow::Result<()> {
    let story = distribution::explain(app, lead).await?;
    for file in story.archives.iter().filter(|_| !as_json) {
        print::line(&format!(
            "earlier events moved to a file: zgrep {lead} {file}"
        ))?;
    }
    let rows = story
        .steps
        .into_iter()
        .map(|(event, sentence)| [event.at.to_rfc3339(), event.kind, sentence]);
    list(["at", "event", "sentence"], rows, as_json)
}
