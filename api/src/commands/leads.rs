//! `api leads`: what waits for a person, and why a lead went to whom.

use super::actor::actor;
use super::print;
use clap::Subcommand;
use serde_json::json;
use shared::id::LeadId;
use shared::{App, distribution, operations};
use uuid::Uuid;

/// How many rows a list has at most.
const MOST_ROWS: u16 = 200;

/// What `api leads` does. It shows ids and times, and no client's name, number or words.
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
        ("dead letters", "jobs_dead", counts.jobs_dead),
        (
            "sends without an outcome",
            "sends_unsettled",
            counts.sends_unsettled,
        ),
        (
            "messages that could not be handled",
            "messages_unheard",
            counts.messages_unheard,
        ),
        (
            "parts of deliveries that could not be read",
            "deliveries_unread",
            counts.deliveries_unread,
        ),
        (
            "leads of forms without a number",
            "meta_leads_unusable",
            counts.meta_leads_unusable,
        ),
        (
            "messages that failed in the last day",
            "messages_failed_1d",
            counts.messages_failed_1d,
        ),
    ];
    if as_json {
        let fields = rows
            .iter()
            .map(|(_, name, count)| ((*name).to_owned(), json!(count)));
        let value = serde_json::Value::Object(fields.collect());
        return Ok(print::json(&value)?);
    }
    let rows = rows.map(|(words, _, count)| vec![count.to_string(), words.to_owned()]);
    Ok(print::table(&["count", "what"], &rows)?)
}

async fn story(app: &App, lead: LeadId, as_json: bool) -> anyhow::Result<()> {
    let story = distribution::explain(app, lead).await?;
    let rows = story
        .steps
        .into_iter()
        .map(|(event, sentence)| [event.at.to_rfc3339(), event.kind, sentence]);
    list(["at", "event", "sentence"], rows, as_json)
}
