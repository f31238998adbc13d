//! Filing an agent's word under what it came to, and answering it.

use super::model::{Offer, Outcome, Report};
use super::policy;
use super::store::InboundEvent;
use crate::id::LeadId;
use crate::leads::{self, Lead};
use crate::texts::Text;
use crate::whatsapp::{self, Draft, Heard, InboundKind, OutboundKind};
use crate::{App, Result, sales};
use sqlx::PgConnection;

/// So many answers that help nobody are given to a number in a row; a robot at the other end would
/// answer them for ever.
const MOST_UNHELPFUL: i64 = 5;

/// What a word came to, and which offer it is about.
#[derive(Clone, Copy)]
pub(super) struct Verdict<'offer> {
    outcome: Outcome,
    offer: Option<&'offer Offer>,
}

impl<'offer> Verdict<'offer> {
    pub(super) fn bare(outcome: Outcome) -> Self {
        Self {
            outcome,
            offer: None,
        }
    }

    pub(super) fn about(outcome: Outcome, offer: &'offer Offer) -> Self {
        Self {
            outcome,
            offer: Some(offer),
        }
    }

    fn lead(&self) -> Option<LeadId> {
        self.offer.map(|offer| offer.lead)
    }
}

/// Files the agent's message under its verdict. `None`: it was heard before, and the transaction
/// must be rolled back.
pub(super) async fn file(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    verdict: Verdict<'_>,
) -> Result<Option<Report>> {
    let heard = Heard {
        lead: verdict.lead(),
        cycle: verdict.offer.map(|offer| offer.cycle),
        attempt: verdict.offer.map(|offer| offer.attempt),
        ..event.heard_as(InboundKind::Agent, verdict.outcome)
    };
    let new = whatsapp::file_in(app, connection, &heard, event.received_at).await?;
    Ok(new.then_some(Report {
        outcome: verdict.outcome,
        duplicate: false,
        message: Some(event.id),
        lead: verdict.lead(),
        attempt: heard.attempt,
    }))
}

/// Files the agent's message and answers it.
pub(super) async fn answer(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    verdict: Verdict<'_>,
    kind: OutboundKind,
    body: String,
) -> Result<Option<Report>> {
    let draft = Draft {
        kind,
        to: event.word.from.clone(),
        body,
        lead: verdict.lead(),
        cycle: verdict.offer.map(|offer| offer.cycle),
        attempt: verdict.offer.map(|offer| offer.attempt),
        in_reply_to: Some(event.id),
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
async fn answer_unhelpfully(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    outcome: Outcome,
    kind: OutboundKind,
    body: String,
) -> Result<Option<Report>> {
    let verdict = Verdict::bare(outcome);
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
    let (outcome, kind) = (Outcome::NothingOpen, OutboundKind::NothingOpen);
    answer_unhelpfully(app, connection, event, outcome, kind, body).await
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
    let known = [
        ("name", lead.display_name()),
        ("deadline", deadline.as_str()),
    ];
    let body = match owner_name(connection, &lead).await? {
        Some(owner) => {
            let [name, deadline] = known;
            app.texts
                .render(Text::LateTaken, &[name, deadline, ("owner", &owner)])
        }
        None => app.texts.render(Text::Late, &known),
    };
    let verdict = Verdict::about(Outcome::Late, offer);
    answer(app, connection, event, verdict, OutboundKind::Late, body).await
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
    let values = [
        ("name", lead.display_name()),
        ("owner", owner.unwrap_or("agent lain")),
    ];
    app.texts.render(Text::Withdrawn, &values)
}

async fn owner_name(connection: &mut PgConnection, lead: &Lead) -> Result<Option<String>> {
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
    let mut lines = Vec::with_capacity(offers.len());
    for (index, offer) in offers.iter().enumerate() {
        let lead: Lead = leads::by_id(connection, offer.lead).await?;
        let deadline = policy::jakarta_time(offer.ack_deadline_at);
        let code = offer.code.as_deref().unwrap_or("-");
        let name = lead.display_name();
        lines.push(format!("{}. {code} {name} ({deadline})", index + 1));
    }
    let code = offers.first().and_then(|offer| offer.code.as_deref());
    let body = app.texts.render(
        Text::Ambiguous,
        &[
            ("count", &offers.len().to_string()),
            ("offers", &lines.join("\n")),
            ("code", code.unwrap_or("-")),
        ],
    );
    let (outcome, kind) = (Outcome::Ambiguous, OutboundKind::Ambiguous);
    answer_unhelpfully(app, connection, event, outcome, kind, body).await
}
