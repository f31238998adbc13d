//! A manager writes: assigns a lead by answering an alert (`TUGASKAN H12 B`).

use super::answer::{self, Answer, Verdict};
use super::duplicate;
use super::lexicon::AskedSummary;
use crate::distribution::endings::assign;
use crate::distribution::model::{Outcome, ReceivedMessage, Report};
use crate::distribution::offers::mask;
use crate::distribution::oversight::summary::summary_of_today;
use crate::distribution::store;
use crate::id::{CycleId, LeadId};
use crate::leads::{self, LeadStatus};
use crate::sales::{self, Agent};
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{InboundKind, OutboundKind};
use crate::{App, Result};
use serde_json::json;
use sqlx::PgConnection;

/// Handles a manager's message. Returns `None` if it is a duplicate: the caller must roll back.
pub(super) async fn handle(
    app: &App,
    connection: &mut PgConnection,
    received: &ReceivedMessage,
) -> Result<Option<Report>> {
    let mut work = UnitOfWork::start(app, connection, Cause::Manager).await?;
    let work = &mut work;
    if let Some(asked) = app.lexicon.read_summary(&received.message.body) {
        return summary(work, received, asked).await;
    }
    let Some(assignments) = app.lexicon.read_assignments(&received.message.body) else {
        let body = app.texts.render(Text::ManagerHelp, &[]);
        let verdict = verdict(Outcome::NotAnAck, None);
        return reply(work, received, verdict, body).await;
    };
    let mut named = Vec::with_capacity(assignments.len());
    for (code, label) in assignments {
        let found = store::cycle_by_code(work.connection, &code, &received.message.from).await?;
        named.push((found, code, label));
    }
    // Every operation locks leads in the order of their ids.
    let mut ids: Vec<LeadId> = named
        .iter()
        .filter_map(|(found, ..)| found.as_ref().map(|found| found.lead))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        leads::lock(work.connection, id).await?;
    }
    work.refresh().await?;
    if duplicate::was_handled(work, received).await? {
        return Ok(None);
    }
    let mut done = Vec::with_capacity(named.len());
    for (found, code, label) in named {
        done.push(assign_one(work, received, found, (&code, &label)).await?);
    }
    let told: Vec<&str> = done.iter().map(|done| done.body.as_str()).collect();
    let body = told.join("\n");
    let best = done
        .iter()
        .find(|done| done.outcome == Outcome::Assigned)
        .or(done.first());
    let verdict = best.map_or_else(
        || verdict(Outcome::NotAnAck, None),
        |best| verdict(best.outcome, best.about),
    );
    reply(work, received, verdict, body).await
}

/// Sends the summary of today, or switches the daily one.
async fn summary(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    asked: AskedSummary,
) -> Result<Option<Report>> {
    if duplicate::was_handled(work, received).await? {
        return Ok(None);
    }
    let manager = &received.message.from;
    let body = match asked {
        AskedSummary::Now => {
            let queues = store::queues_of_manager(work.connection, manager).await?;
            summary_of_today(work, &queues).await?
        }
        AskedSummary::Off | AskedSummary::On => {
            let on = asked == AskedSummary::On;
            store::set_summary(work.connection, manager, on, work.now).await?;
            let text = if on {
                Text::SummaryOn
            } else {
                Text::SummaryOff
            };
            work.app.texts.render(text, &[])
        }
    };
    let text = Answer::new(OutboundKind::Summary, body);
    answer::answer(work, received, verdict(Outcome::Help, None), text).await
}

/// What became of one assignment.
struct Done {
    outcome: Outcome,
    about: Option<(LeadId, CycleId)>,
    body: String,
}

/// Assigns one lead, which is locked, if it can be assigned.
async fn assign_one(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    found: Option<store::NamedCycle>,
    (code, label): (&str, &str),
) -> Result<Done> {
    let app = work.app;
    let unknown = || Done {
        outcome: Outcome::NothingOpen,
        about: None,
        body: app
            .texts
            .render(Text::ManagerUnknown, &[("code", code), ("label", label)]),
    };
    let Some(found) = found else {
        return Ok(unknown());
    };
    let Some(agent) = store::agent_by_label(work.connection, found.cycle, label).await? else {
        return Ok(unknown());
    };
    let lead = leads::by_id(work.connection, found.lead).await?;
    let about = Some((lead.id, found.cycle));
    let name = mask::name_of(app, &lead);
    let owner = match &lead.owner {
        Some(owner) => Some(sales::by_id(work.connection, owner).await?),
        None => None,
    };
    // A lead whose owner is disabled can be taken from them.
    let works = |owner: &&Agent| !owner.disabled;
    if lead.status == LeadStatus::Claimed
        && let Some(owner) = owner.as_ref().filter(works)
    {
        let values = [("name", &*name), ("owner", owner.name.as_str())];
        return Ok(Done {
            outcome: Outcome::Late,
            about,
            body: app.texts.render(Text::ManagerTaken, &values),
        });
    }
    // The lead was closed, or the client has come back since.
    let assignable = match lead.status {
        LeadStatus::Claimed => store::latest_cycle(work.connection, lead.id).await?,
        LeadStatus::Closed => None,
        _ => store::lock_assignable_cycle(work.connection, lead.id).await?,
    };
    if assignable != Some(found.cycle) {
        return Ok(unknown());
    }
    if agent.disabled {
        let values = [("agent", agent.name.as_str())];
        return Ok(Done {
            outcome: Outcome::NothingOpen,
            about,
            body: app.texts.render(Text::ManagerDisabled, &values),
        });
    }
    let why = json!({ "by": format!("{:?}", received.message.from) });
    assign::assign_locked(work, &lead, &agent, why).await?;
    let values = [("name", &*name), ("owner", agent.name.as_str())];
    Ok(Done {
        outcome: Outcome::Assigned,
        about,
        body: app.texts.render(Text::ManagerAssigned, &values),
    })
}

fn verdict(outcome: Outcome, about: Option<(LeadId, CycleId)>) -> Verdict {
    let (lead, cycle) = about.unzip();
    Verdict {
        speaker: InboundKind::Manager,
        lead,
        cycle,
        ..Verdict::bare(outcome)
    }
}

async fn reply(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    verdict: Verdict,
    body: String,
) -> Result<Option<Report>> {
    let text = Answer::new(OutboundKind::ManagerAnswer, body);
    if verdict.outcome == Outcome::Assigned {
        return answer::answer(work, received, verdict, text).await;
    }
    answer::answer_unhelpfully(work, received, verdict, text).await
}
