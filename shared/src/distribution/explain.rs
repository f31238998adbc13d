//! Why a lead is where it is: the log of its events, each told in a sentence.

use super::event::LoggedEvent;
use super::store;
use crate::id::{LeadId, UserId};
use crate::leads::{self, Lead};
use crate::{App, Result};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::fmt::Write;

/// A lead and all that was decided about it, in order.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The lead.
    pub lead: Lead,
    /// What was decided, oldest first, each with a sentence that tells it.
    pub steps: Vec<(LoggedEvent, String)>,
}

/// Tells, in order, what was decided about a lead, by which rule, from which set, and how late.
pub async fn explain(app: &App, lead: LeadId) -> Result<Explanation> {
    let mut transaction = app.pool.begin().await?;
    store::read_one_snapshot(&mut transaction).await?;
    let lead = leads::by_id(&mut transaction, lead).await?;
    let events = store::of_lead(&mut transaction, lead.id).await?;
    let names = store::names_of_everybody(&mut transaction).await?;
    transaction.commit().await?;
    let steps = events.into_iter().map(|event| {
        let sentence = sentence(&event, &names);
        (event, sentence)
    });
    Ok(Explanation {
        steps: steps.collect(),
        lead,
    })
}

fn sentence(event: &LoggedEvent, names: &HashMap<UserId, String>) -> String {
    let agent = event.sales_name.as_deref().unwrap_or("somebody");
    let detail = |key: &str| event.detail.as_ref().and_then(|detail| detail.get(key));
    let text = |key| {
        detail(key)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    };
    match event.kind.as_str() {
        "started" => format!("A cycle began in a {} queue.", text("strategy")),
        "held" => match time(text("resumeAt")) {
            Some(time) => format!("Nobody can be asked: held until {}.", when(time)),
            None => "Nobody can be asked: held until somebody can.".to_owned(),
        },
        "released" => "Held no longer.".to_owned(),
        "offered" => offered(event, agent, names),
        "sent" => format!("The provider took the offer to {agent}."),
        "deadline_moved" => format!("{agent}'s deadline moved: the provider was late or away."),
        "accepted" => format!("{agent} said OK {} the deadline.", distance(event)),
        "taken_back" => format!(
            "{agent} had said OK {} the deadline; it was heard after the roll and counts.",
            distance(event)
        ),
        "declined" => format!("{agent} passed."),
        "timed_out" => format!(
            "{agent} did not answer; rolled {} the deadline.",
            distance(event)
        ),
        "undeliverable" => format!("The offer could not reach {agent} ({}).", text("reason")),
        "withdrawn" => format!("The offer was taken from {agent} ({}).", text("reason")),
        "last_round" => {
            "Everybody was asked in turn and nobody answered: everybody is asked at once."
                .to_owned()
        }
        "late" => format!(
            "{agent} said OK {} the deadline: too late.",
            distance(event)
        ),
        "assigned" => format!("Given to {agent} by {}.", by(event)),
        "hangus" => "Nobody is left to ask: hangus.".to_owned(),
        "cancelled" => "Called off: an earlier OK was heard.".to_owned(),
        "breach" => format!("The audit found a rule broken: {}.", text("rule")),
        other => other.to_owned(),
    }
}

fn offered(event: &LoggedEvent, agent: &str, names: &HashMap<UserId, String>) -> String {
    let name = |id: &serde_json::Value| {
        let id = UserId(id.as_str().unwrap_or_default().to_owned());
        names.get(&id).cloned().unwrap_or(id.0)
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
            let _ = write!(sentence, " until {}", when(until));
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

fn when(time: DateTime<Utc>) -> String {
    super::policy::jakarta_day_and_time(time)
}
