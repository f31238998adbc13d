//! Managers hear of leads that nobody takes, and can give them to somebody by answering. A queue has
//! none unless an admin sets their numbers.

use super::answer::{self, Verdict};
use super::assign;
use super::event::Cause;
use super::mask;
use super::model::{Outcome, Report};
use super::store::{self, InboundEvent};
use crate::id::{CycleId, LeadId};
use crate::leads::{self, LeadStatus};
use crate::phone::Phone;
use crate::texts::Text;
use crate::whatsapp::{self, Draft, InboundKind, OutboundKind};
use crate::{App, Result};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

/// Tells the managers of the cycle's queue that nobody took a lead, and how to give it to somebody.
pub(super) async fn alert_hangus(
    app: &App,
    connection: &mut PgConnection,
    lead: LeadId,
    cycle: CycleId,
    now: DateTime<Utc>,
) -> Result<()> {
    let alarm = (OutboundKind::ManagerHangus, Text::ManagerHangus);
    alert(app, connection, lead, cycle, alarm, now).await
}

/// Tells them that a lead waits and nobody is there to be asked.
pub(super) async fn alert_held(
    app: &App,
    connection: &mut PgConnection,
    lead: LeadId,
    cycle: CycleId,
    now: DateTime<Utc>,
) -> Result<()> {
    let alarm = (OutboundKind::ManagerHeld, Text::ManagerHeld);
    alert(app, connection, lead, cycle, alarm, now).await
}

async fn alert(
    app: &App,
    connection: &mut PgConnection,
    lead: LeadId,
    cycle: CycleId,
    (kind, text): (OutboundKind, Text),
    now: DateTime<Utc>,
) -> Result<()> {
    let managers = store::managers_of(connection, cycle).await?;
    if managers.is_empty() {
        return Ok(());
    }
    let code = store::name_cycle(connection, cycle).await?;
    let lead = leads::by_id(connection, lead).await?;
    let team = store::team_of(connection, cycle).await?;
    let team: Vec<String> = team
        .iter()
        .map(|(label, name)| format!("{label} = {name}"))
        .collect();
    let values = [
        ("name", &*mask::name_of(app, &lead)),
        ("source", lead.display_source()),
        ("code", code.as_str()),
        ("team", &team.join(", ")),
    ];
    let body = app.texts.render(text, &values);
    for to in managers
        .iter()
        .filter_map(|number| Phone::from_e164(number))
    {
        let draft = Draft {
            kind,
            to: to.into(),
            body: body.clone(),
            lead: Some(lead.id),
            cycle: Some(cycle),
            attempt: None,
            in_reply_to: None,
            short: None,
        };
        whatsapp::say(app, connection, &draft, now).await?;
    }
    Ok(())
}

/// A manager wrote. `None`: this message was heard before, and the transaction must be rolled back.
pub(super) async fn manager_speaks(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
) -> Result<Option<Report>> {
    let Some((code, label)) = app.lexicon.read_assignment(&event.word.body) else {
        let body = app.texts.render(Text::ManagerHelp, &[]);
        return answer_manager(app, connection, event, Outcome::NotAnAck, None, body).await;
    };
    let found = store::cycle_by_code(connection, &code).await?;
    let agent = match &found {
        Some(found) => store::agent_by_label(connection, found.cycle, &label).await?,
        None => None,
    };
    let (Some(found), Some(agent)) = (found, agent) else {
        let values = [("code", code.as_str()), ("label", label.as_str())];
        let body = app.texts.render(Text::ManagerUnknown, &values);
        return answer_manager(app, connection, event, Outcome::NothingOpen, None, body).await;
    };
    let lead = leads::lock(connection, found.lead).await?;
    let now = app.clock.now(connection).await?;
    if super::hear::was_heard_before(app, connection, event).await? {
        return Ok(None);
    }
    let about = Some((lead.id, found.cycle));
    let name = mask::name_of(app, &lead);
    if lead.status == LeadStatus::Claimed {
        let owner = answer::owner_name(connection, &lead)
            .await?
            .unwrap_or_default();
        let values = [("name", &*name), ("owner", owner.as_str())];
        let body = app.texts.render(Text::ManagerTaken, &values);
        return answer_manager(app, connection, event, Outcome::Late, about, body).await;
    }
    let why = json!({ "by": format!("{:?}", event.word.from) });
    assign::give(app, connection, &lead, &agent, Cause::Manager, why, now).await?;
    let values = [("name", &*name), ("owner", agent.name.as_str())];
    let body = app.texts.render(Text::ManagerAssigned, &values);
    answer_manager(app, connection, event, Outcome::Assigned, about, body).await
}

async fn answer_manager(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    outcome: Outcome,
    about: Option<(LeadId, CycleId)>,
    body: String,
) -> Result<Option<Report>> {
    let (lead, cycle) = about.unzip();
    let verdict = Verdict {
        speaker: InboundKind::Manager,
        lead,
        cycle,
        ..Verdict::bare(outcome)
    };
    let kind = OutboundKind::ManagerAnswer;
    if outcome == Outcome::Assigned {
        return answer::answer(app, connection, event, verdict, kind, body).await;
    }
    answer::answer_unhelpfully(app, connection, event, verdict, kind, body).await
}
