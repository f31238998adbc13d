//! A manager writes: assigns a lead by answering an alert (`TUGASKAN H12 B`).

use super::answer::{self, Answer, Verdict};
use super::duplicate;
use crate::distribution::endings::assign;
use crate::distribution::model::{Outcome, ReceivedMessage, Report};
use crate::distribution::offers::mask;
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
    let Some((code, label)) = app.lexicon.read_assignment(&received.message.body) else {
        let body = app.texts.render(Text::ManagerHelp, &[]);
        let verdict = verdict(Outcome::NotAnAck, None);
        return reply(work, received, verdict, body).await;
    };
    let found = store::cycle_by_code(work.connection, &code, &received.message.from).await?;
    let agent = match &found {
        Some(found) => store::agent_by_label(work.connection, found.cycle, &label).await?,
        None => None,
    };
    let (Some(found), Some(agent)) = (found, agent) else {
        return refuse_unknown(work, received, (&code, &label)).await;
    };
    let lead = leads::lock(work.connection, found.lead).await?;
    work.refresh().await?;
    if duplicate::was_handled(work, received).await? {
        return Ok(None);
    }
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
        let body = app.texts.render(Text::ManagerTaken, &values);
        let verdict = verdict(Outcome::Late, about);
        return reply(work, received, verdict, body).await;
    }
    // The lead was closed, or the client has come back since.
    let assignable = match lead.status {
        LeadStatus::Claimed => store::latest_cycle(work.connection, lead.id).await?,
        LeadStatus::Closed => None,
        _ => store::lock_assignable_cycle(work.connection, lead.id).await?,
    };
    if assignable != Some(found.cycle) {
        return refuse_unknown(work, received, (&code, &label)).await;
    }
    if agent.disabled {
        let values = [("agent", agent.name.as_str())];
        let body = app.texts.render(Text::ManagerDisabled, &values);
        let verdict = verdict(Outcome::NothingOpen, about);
        return reply(work, received, verdict, body).await;
    }
    let why = json!({ "by": format!("{:?}", received.message.from) });
    assign::assign_locked(work, &lead, &agent, why).await?;
    let values = [("name", &*name), ("owner", agent.name.as_str())];
    let body = app.texts.render(Text::ManagerAssigned, &values);
    let verdict = verdict(Outcome::Assigned, about);
    reply(work, received, verdict, body).await
}

/// Tells the manager that no lead of theirs that can be assigned has this code, or that no agent has
/// this label.
async fn refuse_unknown(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    (code, label): (&str, &str),
) -> Result<Option<Report>> {
    let values = [("code", code), ("label", label)];
    let body = work.app.texts.render(Text::ManagerUnknown, &values);
    let verdict = verdict(Outcome::NothingOpen, None);
    reply(work, received, verdict, body).await
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
