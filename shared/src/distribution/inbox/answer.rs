//! Storing an agent's or manager's message with what it was taken to mean, and answering it.

use crate::address::Address;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::{Offer, Outcome, ReceivedMessage, Report};
use crate::distribution::offers::ended_text::withdrawn_text;
use crate::distribution::offers::mask;
use crate::distribution::store;
use crate::id::{AttemptId, CycleId, LeadId};
use crate::leads::{self, Lead, LeadStatus};
use crate::texts::{Text, one_line};
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, InboundKind, InboundRecord, OutboundKind};
use crate::{Result, sales};
use chrono::TimeDelta;
use sqlx::PgConnection;

/// A number receives this many unhelpful answers in a row. An automatic reply at the other end would
/// otherwise be answered for ever.
const MAX_UNHELPFUL: i64 = 5;

/// What a message was taken to mean, and what it is about.
#[derive(Clone, Copy)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    /// Who wrote.
    pub(super) speaker: InboundKind,
    pub(super) lead: Option<LeadId>,
    pub(super) cycle: Option<CycleId>,
    pub(super) attempt: Option<AttemptId>,
}

impl Verdict {
    /// An agent's message that is about no offer.
    pub(super) fn bare(outcome: Outcome) -> Self {
        Self {
            outcome,
            speaker: InboundKind::Agent,
            lead: None,
            cycle: None,
            attempt: None,
        }
    }

    /// An agent's message about this offer.
    pub(super) fn about(outcome: Outcome, offer: &Offer) -> Self {
        Self {
            lead: Some(offer.lead),
            cycle: Some(offer.cycle),
            attempt: Some(offer.attempt),
            ..Self::bare(outcome)
        }
    }
}

/// Stores the message under its verdict. Returns `None` if it is a duplicate: the caller must roll
/// back.
pub(super) async fn file(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    verdict: Verdict,
) -> Result<Option<Report>> {
    let record = InboundRecord {
        lead: verdict.lead,
        cycle: verdict.cycle,
        attempt: verdict.attempt,
        ..received.record_as(verdict.speaker, verdict.outcome)
    };
    let at = received.received_at;
    let new = whatsapp::store_inbound(work.app, work.connection, &record, at).await?;
    Ok(new.then_some(Report {
        outcome: verdict.outcome,
        duplicate: false,
        message: Some(received.id),
        lead: verdict.lead,
        attempt: verdict.attempt,
    }))
}

/// An answer to a message: why we send it, and the text.
pub(super) struct Answer {
    pub(super) kind: OutboundKind,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn new(kind: OutboundKind, body: String) -> Self {
        Self { kind, body }
    }
}

/// Stores the message and answers it. Returns `None` if it is a duplicate.
pub(super) async fn answer(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    verdict: Verdict,
    answer: Answer,
) -> Result<Option<Report>> {
    let report = file(work, received, verdict).await?;
    if report.is_some() {
        let draft = Draft::new(answer.kind, received.message.from.clone(), answer.body)
            .lead(verdict.lead)
            .cycle(verdict.cycle)
            .attempt(verdict.attempt)
            .in_reply_to(received.id);
        whatsapp::queue_message(work, &draft).await?;
    }
    Ok(report)
}

/// As [`answer`], for an answer that does not help: after [`MAX_UNHELPFUL`] of them the number
/// receives no more, until it takes or passes a lead.
pub(super) async fn answer_unhelpfully(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    verdict: Verdict,
    text: Answer,
) -> Result<Option<Report>> {
    let from = &received.message.from;
    if whatsapp::unhelpful_replies(work.connection, from).await? >= MAX_UNHELPFUL {
        return file(work, received, verdict).await;
    }
    answer(work, received, verdict, text).await
}

/// Tells the agent that there is no offer to take.
pub(super) async fn nothing_open(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
) -> Result<Option<Report>> {
    let body = work.app.texts.render(Text::NothingOpen, &[]);
    let verdict = Verdict::bare(Outcome::NothingOpen);
    let text = Answer::new(OutboundKind::NothingOpen, body);
    answer_unhelpfully(work, received, verdict, text).await
}

/// The late notice: tells the agent "terlambat", once per offer, and who owns the lead.
pub(super) async fn refuse_late(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    offer: &Offer,
) -> Result<Option<Report>> {
    let lead = leads::by_id(work.connection, offer.lead).await?;
    let body = late_text(work, &lead, offer).await?;
    let verdict = Verdict::about(Outcome::Late, offer);
    let text = Answer::new(OutboundKind::Late, body);
    let report = answer(work, received, verdict, text).await?;
    if report.is_some() {
        let lateness = received.acknowledged_at - offer.ack_deadline_at;
        let late = Event::new(EventKind::Late).on(offer).late_by(lateness);
        store::log(work, &[late]).await?;
    }
    Ok(report)
}

async fn late_text(work: &mut UnitOfWork<'_>, lead: &Lead, offer: &Offer) -> Result<String> {
    let deadline = work.app.timezone.time(offer.ack_deadline_at);
    let name = mask::name_of(work.app, lead);
    let known = [("name", &*name), ("deadline", deadline.as_str())];
    let [name, deadline] = known;
    if let Some(owner) = owner_name(work.connection, lead).await? {
        let values = [name, deadline, ("owner", owner.as_str())];
        return Ok(work.app.texts.render(Text::LateTaken, &values));
    }
    if lead.status == LeadStatus::Hangus
        && store::gives_second_chances(work.connection, offer.cycle).await?
    {
        let code = ("code", offer.code.as_deref().unwrap_or("-"));
        let values = [name, deadline, code];
        return Ok(work.app.texts.render(Text::LateSecondChance, &values));
    }
    Ok(work.app.texts.render(Text::Late, &known))
}

/// Tells the agent again that their offer was withdrawn.
pub(super) async fn refuse_withdrawn(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    offer: &Offer,
) -> Result<Option<Report>> {
    let lead = leads::by_id(work.connection, offer.lead).await?;
    let owner = owner_name(work.connection, &lead).await?;
    let body = withdrawn_text(work.app, &lead, owner.as_deref(), offer.reason.as_deref());
    let verdict = Verdict::about(Outcome::Late, offer);
    let text = Answer::new(OutboundKind::Late, body);
    answer(work, received, verdict, text).await
}

/// Tells a disabled agent that they cannot take leads.
pub(super) async fn refuse_disabled(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    offer: &Offer,
) -> Result<Option<Report>> {
    let body = work.app.texts.render(Text::Disabled, &[]);
    let verdict = Verdict::about(Outcome::Disabled, offer);
    let text = Answer::new(OutboundKind::Disabled, body);
    answer_unhelpfully(work, received, verdict, text).await
}

/// The name of the agent who owns the lead. `None` if no agent does.
pub(super) async fn owner_name(
    connection: &mut PgConnection,
    lead: &Lead,
) -> Result<Option<String>> {
    match &lead.owner {
        Some(owner) => Ok(Some(sales::by_id(connection, owner).await?.name)),
        None => Ok(None),
    }
}

/// An agent receives this many hints an hour, and then one a minute: with an offer open nobody is met with silence.
const MAX_HINTS: i64 = 5;

/// Tells an agent whose message was not understood what to write, with their open offers.
pub(super) async fn hint(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    offers: &[Offer],
) -> Result<Option<Report>> {
    let verdict = Verdict::bare(Outcome::NotAnAck);
    let from = &received.message.from;
    let hour_ago = work.now - TimeDelta::hours(1);
    let had_enough = whatsapp::hints_since(work.connection, from, hour_ago).await? >= MAX_HINTS;
    if had_enough && was_just_told(work, from).await? {
        return file(work, received, verdict).await;
    }
    let body = list_text(work, Text::OfferHint, offers, "OK").await?;
    answer(
        work,
        received,
        verdict,
        Answer::new(OutboundKind::OfferHint, body),
    )
    .await
}

/// A text with a list of offers, and how to answer one of them with this verb.
async fn list_text(
    work: &mut UnitOfWork<'_>,
    text: Text,
    offers: &[Offer],
    verb: &str,
) -> Result<String> {
    let lines = listed(work, offers).await?;
    let code = offers.first().and_then(|offer| offer.code.as_deref());
    let values = [
        ("count", &*offers.len().to_string()),
        ("offers", &*lines.join("\n")),
        ("word", verb),
        ("code", code.unwrap_or("-")),
    ];
    Ok(work.app.texts.render(text, &values))
}

/// Lists the offers that the message may be about, and asks which one is meant. `verb` is what the agent wrote: OK
/// or LEWATI.
pub(super) async fn ask_which(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    offers: &[Offer],
    verb: &str,
) -> Result<Option<Report>> {
    let verdict = Verdict::bare(Outcome::Ambiguous);
    let from = &received.message.from;
    let had_enough = whatsapp::unhelpful_replies(work.connection, from).await? >= MAX_UNHELPFUL;
    if had_enough && was_just_told(work, from).await? {
        return file(work, received, verdict).await;
    }
    let body = list_text(work, Text::Ambiguous, offers, verb).await?;
    let text = Answer::new(OutboundKind::Ambiguous, body);
    answer(work, received, verdict, text).await
}

/// Whether the agent was sent a list of their open offers within the last minute.
async fn was_just_told(work: &mut UnitOfWork<'_>, agent: &Address) -> Result<bool> {
    let minute_ago = work.now - TimeDelta::minutes(1);
    Ok(whatsapp::hints_since(work.connection, agent, minute_ago).await? > 0)
}

/// The offers as numbered lines, each with code, client and deadline.
pub(super) async fn listed(work: &mut UnitOfWork<'_>, offers: &[Offer]) -> Result<Vec<String>> {
    let mut lines = Vec::with_capacity(offers.len());
    for (index, offer) in offers.iter().enumerate() {
        let lead = leads::by_id(work.connection, offer.lead).await?;
        let deadline = work.app.timezone.time(offer.ack_deadline_at);
        let code = offer.code.as_deref().unwrap_or("-");
        let name = one_line(&mask::name_of(work.app, &lead));
        lines.push(format!("{}. {code} {name} ({deadline})", index + 1));
    }
    Ok(lines)
}
