//! Explaining why a lead is where it is: its events, each as a sentence.

use crate::distribution::event::LoggedEvent;
use crate::distribution::store;
use crate::id::{LeadId, UserId};
use crate::leads::{self, Lead};
use crate::local_time::Timezone;
use crate::{App, Result};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::fmt::Write;

/// A lead and every decision about it, in order.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The lead.
    pub lead: Lead,
    /// The events, oldest first, each with a sentence that describes it.
    pub steps: Vec<(LoggedEvent, String)>,
    /// The files that have earlier events, if some moved to a file.
    pub archives: Vec<String>,
}

/// Lists every decision about a lead in order: by which rule, from which agents, and how late. Fails with
/// `NotFound` if the lead does not exist.
pub async fn explain(app: &App, lead: LeadId) -> Result<Explanation> {
    let mut transaction = app.begin().await?;
    store::read_one_snapshot(&mut transaction).await?;
    let lead = leads::by_id(&mut transaction, lead).await?;
    let events = store::of_lead(&mut transaction, lead.id).await?;
    let first = events.first().map(|event| event.at);
    let archives = store::archives_of(&mut transaction, lead.id, first).await?;
    let names = store::names_of_everybody(&mut transaction).await?;
    transaction.commit().await?;
    let steps = events.into_iter().map(|event| {
        let sentence = Teller {
            names: &names,
            zone: app.timezone,
        }
        .sentence(&event);
        (event, sentence)
    });
    Ok(Explanation {
        steps: steps.collect(),
        archives,
        lead,
    })
}

/// What a sentence needs beside its event.
struct Teller<'a> {
    names: &'a HashMap<UserId, String>,
    zone: Timezone,
}

impl Teller<'_> {
    fn sentence(&self, event: &LoggedEvent) -> String {
        let agent = event.sales_name.as_deref().unwrap_or("somebody");
        let detail = |key: &str| event.detail.as_ref().and_then(|detail| detail.get(key));
        let text = |key| {
            detail(key)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
        };
        match event.kind.as_str() {
            "started" => format!("A cycle started in a {} queue.", text("strategy")),
            "held" => match time(text("resumeAt")) {
                Some(time) => format!(
                    "No agent is available: held until {}.",
                    self.zone.day_and_time(time)
                ),
                None => "No agent is available: held until one is.".to_owned(),
            },
            "released" => "Released: an agent is available.".to_owned(),
            "offered" => self.offered(event, agent),
            "sent" => format!("The provider accepted the offer to {agent}."),
            "deadline_moved" => {
                format!("{agent}'s deadline moved: the provider was slow or frozen.")
            }
            "accepted" => format!("{agent} answered OK {} the deadline.", distance(event)),
            "taken_back" => format!(
                "{agent} answered OK {} the deadline. The message was handled after the roll and counts.",
                distance(event)
            ),
            "declined" => format!("{agent} passed."),
            "timed_out" => format!(
                "{agent} did not answer; rolled {} the deadline.",
                distance(event)
            ),
            "undeliverable" => format!("The offer could not reach {agent} ({}).", text("reason")),
            "withdrawn" => format!("The offer to {agent} was withdrawn ({}).", text("reason")),
            "last_round" => {
                "Every agent was asked in turn and none answered: all are asked at once.".to_owned()
            }
            "late" => format!(
                "{agent} answered OK {} the deadline: too late.",
                distance(event)
            ),
            "assigned" => format!("Assigned to {agent} by {}.", by(event)),
            "hangus" => "No agent is left to ask: hangus.".to_owned(),
            "cancelled" => "Cancelled: an earlier OK counts.".to_owned(),
            "breach" => format!("The audit found a broken rule: {}.", text("rule")),
            other => other.to_owned(),
        }
    }

    fn offered(&self, event: &LoggedEvent, agent: &str) -> String {
        let name = |id: &serde_json::Value| {
            let id = UserId(id.as_str().unwrap_or_default().to_owned());
            self.names.get(&id).cloned().unwrap_or(id.0)
        };
        let list = |key: &str| {
            event
                .detail
                .as_ref()
                .and_then(|detail| detail.get(key)?.as_array())
        };
        let rule = event
            .detail
            .as_ref()
            .and_then(|detail| detail.get("rule")?.as_str());
        let mut sentence = format!(
            "Offered to {agent} by the rule `{}`",
            rule.unwrap_or("fixed")
        );
        if let Some(eligible) = list("eligible") {
            let eligible: Vec<String> = eligible.iter().map(name).collect();
            let _ = write!(sentence, ", from {}", eligible.join(", "));
        }
        for skip in list("skipped").into_iter().flatten() {
            let reason = skip["reason"].as_str().unwrap_or_default();
            let _ = write!(
                sentence,
                "; passed over {} ({reason}",
                name(&skip["salesId"])
            );
            if let Some(until) = skip["until"].as_str().and_then(time) {
                let _ = write!(sentence, " until {}", self.zone.day_and_time(until));
            }
            if let Some(owed) = skip["owedThousandths"].as_i64().filter(|owed| *owed > 0) {
                let _ = write!(
                    sentence,
                    ", owed {}.{:03} of a turn",
                    owed / 1000,
                    owed % 1000
                );
            }
            sentence.push(')');
        }
        sentence.push('.');
        sentence
    }
}

fn by(event: &LoggedEvent) -> &str {
    let reason = event
        .detail
        .as_ref()
        .and_then(|detail| detail.get("reason")?.as_str());
    match reason {
        Some("second_chance") => "a second chance that they asked for",
        _ => match event.cause.as_str() {
            "manager" => "a manager, by chat",
            _ => "an admin",
        },
    }
}

/// How far from its deadline an event was: `12.345 ms after`.
fn distance(event: &LoggedEvent) -> String {
    let late = event.lateness_us.unwrap_or_default();
    let side = if late < 0 { "before" } else { "after" };
    let size = late.unsigned_abs();
    if size >= 1_000_000 {
        format!("{}.{:03} s {side}", size / 1_000_000, size / 1000 % 1000)
    } else {
        format!("{}.{:03} ms {side}", size / 1000, size % 1000)
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
}
