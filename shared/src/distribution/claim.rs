//! An agent's OK: to which offer it belongs, and whether it came in time.

use super::model::{AttemptStatus, Offer, Outcome, Report};
use super::policy::{self, Intent};
use super::store::{self, InboundEvent};
use crate::id::LeadId;
use crate::leads::{self, Lead};
use crate::sales::Agent;
use crate::texts::Text;
use crate::whatsapp::{self, Draft, Heard, InboundKind, OutboundKind};
use crate::{App, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// An agent wrote. `None`: this message was heard before, and the transaction must be rolled back.
pub(super) async fn agent_speaks(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    agent: &Agent,
) -> Result<Option<Report>> {
    if policy::intent(&event.word.body) != Intent::Ok {
        return file(app, connection, event, Verdict::bare(Outcome::NotAnAck)).await;
    }
    let time = event.acknowledged_at;
    match bind(connection, event, agent, time).await? {
        Bound::One(offer) => claim(app, connection, event, &offer, time).await,
        Bound::Several(offers) => ask_which(app, connection, event, &offers).await,
        Bound::Expired(offer) => refuse_late(app, connection, event, &offer).await,
        Bound::Taken => file(app, connection, event, Verdict::bare(Outcome::NothingOpen)).await,
        Bound::Nothing => {
            let body = app.texts.render(Text::NothingOpen, &[]);
            let verdict = Verdict::bare(Outcome::NothingOpen);
            answer(
                app,
                connection,
                event,
                verdict,
                OutboundKind::NothingOpen,
                body,
            )
            .await
        }
    }
}

/// What an OK can be meant for.
enum Bound {
    /// This offer.
    One(Offer),
    /// Any of these: nothing is claimed.
    Several(Vec<Offer>),
    /// An offer whose time was up.
    Expired(Offer),
    /// The agent has taken their latest lead already.
    Taken,
    /// The agent was never offered anything that could be meant.
    Nothing,
}

/// An OK that quotes an offer is meant for it; a bare one for the only offer that was open when it
/// was written; with none open, for the latest that there was. One that was made later is never meant.
async fn bind(
    connection: &mut PgConnection,
    event: &InboundEvent,
    agent: &Agent,
    time: DateTime<Utc>,
) -> Result<Bound> {
    if let Some(quoted) = &event.word.quoted_message_id
        && let Some(attempt) = whatsapp::attempt_of_offer(connection, quoted).await?
        && let Some(offer) = store::offer(connection, attempt).await?
        && offer.sales_id == agent.id
    {
        return Ok(judge(offer));
    }
    let by = time + policy::WHOLE_SECOND;
    let mut open = store::open_offers(connection, &agent.id).await?;
    open.retain(|offer| offer.assigned_at <= by && time < offer.ack_deadline_at);
    if open.len() > 1 {
        return Ok(Bound::Several(open));
    }
    if let Some(offer) = open.pop() {
        return Ok(Bound::One(offer));
    }
    let latest = store::latest_offer(connection, &agent.id, by).await?;
    Ok(latest.map_or(Bound::Nothing, judge))
}

/// An open offer is the claim's to decide on, once it is locked: its deadline may be moving.
fn judge(offer: Offer) -> Bound {
    match offer.status {
        AttemptStatus::Open => Bound::One(offer),
        AttemptStatus::TimedOut => Bound::Expired(offer),
        AttemptStatus::Accepted | AttemptStatus::Assigned => Bound::Taken,
        _ => Bound::Nothing,
    }
}

/// Takes the lead for the agent if the offer is open and `time` is before its deadline: one
/// conditional update on the locked row, whose other half is the roll.
async fn claim(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    offer: &Offer,
    time: DateTime<Utc>,
) -> Result<Option<Report>> {
    let lead = leads::lock(connection, offer.lead).await?;
    store::lock_cycle_and_attempt(connection, offer).await?;
    let now = app.clock.now(connection).await?;
    if super::hear::was_heard_before(app, connection, event).await? {
        return Ok(None);
    }
    if !store::accept(connection, offer.attempt, time, now).await? {
        // Its time was up, or the agent's other OK took it while we waited for its lock.
        let now_it_is = store::offer(connection, offer.attempt).await?;
        let offer = now_it_is.as_ref().unwrap_or(offer);
        return if offer.status == AttemptStatus::Accepted {
            file(app, connection, event, Verdict::bare(Outcome::NothingOpen)).await
        } else {
            refuse_late(app, connection, event, offer).await
        };
    }
    store::close_cycle(connection, offer.cycle, super::CycleStatus::Accepted, now).await?;
    leads::set_claimed(connection, offer.lead, &offer.sales_id, now).await?;
    let body = app.texts.render(
        Text::Claimed,
        &[
            ("name", lead.display_name()),
            ("phone", lead.display_phone()),
            ("source", lead.display_source()),
        ],
    );
    let verdict = Verdict::about(Outcome::Accepted, offer);
    answer(app, connection, event, verdict, OutboundKind::Claimed, body).await
}

/// Tells the agent "terlambat", once per offer.
async fn refuse_late(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    offer: &Offer,
) -> Result<Option<Report>> {
    let lead = leads::by_id(connection, offer.lead).await?;
    let body = app.texts.render(
        Text::Late,
        &[
            ("name", lead.display_name()),
            ("deadline", &policy::jakarta_time(offer.ack_deadline_at)),
        ],
    );
    let verdict = Verdict::about(Outcome::Late, offer);
    answer(app, connection, event, verdict, OutboundKind::Late, body).await
}

/// Names the open offers and claims none.
async fn ask_which(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    offers: &[Offer],
) -> Result<Option<Report>> {
    let mut lines = Vec::with_capacity(offers.len());
    for (index, offer) in offers.iter().enumerate() {
        let lead: Lead = leads::by_id(connection, offer.lead).await?;
        let deadline = policy::jakarta_time(offer.ack_deadline_at);
        lines.push(format!(
            "{}. {} ({deadline})",
            index + 1,
            lead.display_name()
        ));
    }
    let count = offers.len().to_string();
    let body = app.texts.render(
        Text::Ambiguous,
        &[("count", &count), ("offers", &lines.join("\n"))],
    );
    let verdict = Verdict::bare(Outcome::Ambiguous);
    answer(
        app,
        connection,
        event,
        verdict,
        OutboundKind::Ambiguous,
        body,
    )
    .await
}

/// What an OK came to, and which offer it is about.
struct Verdict<'offer> {
    outcome: Outcome,
    offer: Option<&'offer Offer>,
}

impl<'offer> Verdict<'offer> {
    fn bare(outcome: Outcome) -> Self {
        Self {
            outcome,
            offer: None,
        }
    }

    fn about(outcome: Outcome, offer: &'offer Offer) -> Self {
        Self {
            outcome,
            offer: Some(offer),
        }
    }

    fn lead(&self) -> Option<LeadId> {
        self.offer.map(|offer| offer.lead)
    }
}

/// Files the agent's message under its verdict.
async fn file(
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
async fn answer(
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
