//! Filing an agent's word under what it came to, and answering it.

use super::event::{Cause, Event, EventKind};
use super::model::{Offer, Outcome, Report};
use super::store::{self, InboundEvent};
use super::{mask, policy};
use crate::id::{AttemptId, CycleId, LeadId};
use crate::leads::{self, Lead, LeadStatus};
use crate::texts::Text;
use crate::whatsapp::{self, Draft, Heard, InboundKind, OutboundKind};
use crate::{App, Result, sales};
use sqlx::PgConnection;

/// So many answers that help nobody are given to a number in a row; a robot at the other end would
/// answer them for ever.
const MOST_UNHELPFUL: i64 = 5;

/// What a word came to, and what it is about.
#[derive(Clone, Copy)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    /// Who spoke.
    pub(super) speaker: InboundKind,
    pub(super) lead: Option<LeadId>,
    pub(super) cycle: Option<CycleId>,
    pub(super) attempt: Option<AttemptId>,
}

impl Verdict {
    /// An agent's word about no offer.
    pub(super) fn bare(outcome: Outcome) -> Self {
        Self {
            outcome,
            speaker: InboundKind::Agent,
            lead: None,
            cycle: None,
            attempt: None,
        }
    }

    /// An agent's word about this offer.
    pub(super) fn about(outcome: Outcome, offer: &Offer) -> Self {
        Self {
            lead: Some(offer.lead),
            cycle: Some(offer.cycle),
            attempt: Some(offer.attempt),
            ..Self::bare(outcome)
        }
    }
}

/// Files the agent's message under its verdict. `None`: it was heard before, and the transaction
/// must be rolled back.
pub(super) async fn file(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    verdict: Verdict,
) -> Result<Option<Report>> {
    let heard = Heard {
        lead: verdict.lead,
        cycle: verdict.cycle,
        attempt: verdict.attempt,
        ..event.heard_as(verdict.speaker, verdict.outcome)
    };
    let new = whatsapp::file_in(app, connection, &heard, event.received_at).await?;
    Ok(new.then_some(Report {
        outcome: verdict.outcome,
        duplicate: false,
        message: Some(event.id),
        lead: verdict.lead,
        attempt: heard.attempt,
    }))
}

/// Files the agent's message and answers it.
pub(super) async fn answer(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    verdict: Verdict,
    kind: OutboundKind,
    body: String,
) -> Result<Option<Report>> {
    let draft = Draft {
        kind,
        to: event.word.from.clone(),
        body,
        lead: verdict.lead,
        cycle: verdict.cycle,
        attempt: verdict.attempt,
        in_reply_to: Some(event.id),
        short: None,
    };
    let report = file(app, connection, event, verdict).await?;
    if report.is_some() {
        let now = app.clock.now(connection).await?;
        whatsapp::say(app, connection, &draft, now).await?;
    }
    Ok(report)
}

/// As [`answer`], where the answer helps nobody: after [`MOST_UNHELPFUL`] of them the number is only
/// listened to, until it does something.
pub(super) async fn answer_unhelpfully(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    verdict: Verdict,
    kind: OutboundKind,
    body: String,
) -> Result<Option<Report>> {
    let given = whatsapp::unhelpful_replies(connection, &event.word.from).await?;
    if given >= MOST_UNHELPFUL {
        return file(app, connection, event, verdict).await;
    }
    answer(app, connection, event, verdict, kind, body).await
}

/// Tells the agent that there is nothing to take.
pub(super) async fn nothing_open(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
) -> Result<Option<Report>> {
    let body = app.texts.render(Text::NothingOpen, &[]);
    let verdict = Verdict::bare(Outcome::NothingOpen);
    answer_unhelpfully(
        app,
        connection,
        event,
        verdict,
        OutboundKind::NothingOpen,
        body,
    )
    .await
}

/// Tells the agent "terlambat", once per offer, and who has the lead if somebody has.
pub(super) async fn refuse_late(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    offer: &Offer,
) -> Result<Option<Report>> {
    let lead = leads::by_id(connection, offer.lead).await?;
    let deadline = policy::jakarta_time(offer.ack_deadline_at);
    let name = mask::name_of(app, &lead);
    let known = [("name", &*name), ("deadline", deadline.as_str())];
    let [name, deadline] = known;
    let body = match owner_name(connection, &lead).await? {
        Some(owner) => app
            .texts
            .render(Text::LateTaken, &[name, deadline, ("owner", &owner)]),
        None if lead.status == LeadStatus::Hangus
            && store::gives_second_chances(connection, offer.cycle).await? =>
        {
            let code = ("code", offer.code.as_deref().unwrap_or("-"));
            app.texts
                .render(Text::LateSecondChance, &[name, deadline, code])
        }
        None => app.texts.render(Text::Late, &known),
    };
    let verdict = Verdict::about(Outcome::Late, offer);
    let report = answer(app, connection, event, verdict, OutboundKind::Late, body).await?;
    if report.is_some() {
        let now = app.clock.now(connection).await?;
        let late = Event::new(EventKind::Late, Cause::Agent, now)
            .of(offer.lead, offer.cycle)
            .to(offer.attempt, &offer.sales_id)
            .late_by(event.acknowledged_at - offer.ack_deadline_at);
        store::record(app, connection, &[late]).await?;
    }
    Ok(report)
}

/// Tells the agent again that their offer was taken back.
pub(super) async fn refuse_withdrawn(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    offer: &Offer,
) -> Result<Option<Report>> {
    let lead = leads::by_id(connection, offer.lead).await?;
    let owner = owner_name(connection, &lead).await?;
    let body = withdrawn_text(app, &lead, owner.as_deref());
    let verdict = Verdict::about(Outcome::Late, offer);
    answer(app, connection, event, verdict, OutboundKind::Late, body).await
}

/// What an agent reads whose offer is taken back.
pub(super) fn withdrawn_text(app: &App, lead: &Lead, owner: Option<&str>) -> String {
    let name = mask::name_of(app, lead);
    let values = [("name", &*name), ("owner", owner.unwrap_or("agent lain"))];
    app.texts.render(Text::Withdrawn, &values)
}

pub(super) async fn owner_name(
    connection: &mut PgConnection,
    lead: &Lead,
) -> Result<Option<String>> {
    match &lead.owner {
        Some(owner) => Ok(Some(sales::by_id(connection, owner).await?.name)),
        None => Ok(None),
    }
}

/// Names the offers that may be meant and does nothing.
pub(super) async fn ask_which(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    offers: &[Offer],
) -> Result<Option<Report>> {
    let lines = listed(app, connection, offers).await?;
    let code = offers.first().and_then(|offer| offer.code.as_deref());
    let body = app.texts.render(
        Text::Ambiguous,
        &[
            ("count", &offers.len().to_string()),
            ("offers", &lines.join("\n")),
            ("code", code.unwrap_or("-")),
        ],
    );
    let verdict = Verdict::bare(Outcome::Ambiguous);
    answer_unhelpfully(
        app,
        connection,
        event,
        verdict,
        OutboundKind::Ambiguous,
        body,
    )
    .await
}

/// The offers, numbered, each with its code and deadline.
pub(super) async fn listed(
    app: &App,
    connection: &mut PgConnection,
    offers: &[Offer],
) -> Result<Vec<String>> {
    let mut lines = Vec::with_capacity(offers.len());
    for (index, offer) in offers.iter().enumerate() {
        let lead = leads::by_id(connection, offer.lead).await?;
        let deadline = policy::jakarta_time(offer.ack_deadline_at);
        let code = offer.code.as_deref().unwrap_or("-");
        let name = mask::name_of(app, &lead);
        lines.push(format!("{}. {code} {name} ({deadline})", index + 1));
    }
    Ok(lines)
}
