//! Commands of agents: `bantuan`, `antrian`, `istirahat`, `siap kerja`, and "beri saya kesempatan
//! lagi".

use super::answer::{self, Answer, Verdict, answer};
use super::duplicate;
use super::lexicon::{Absence, Command};
use crate::Result;
use crate::availability::{self, DutyStatus, Leave, Reason};
use crate::distribution::endings::assign;
use crate::distribution::model::{AttemptStatus, Offer, Outcome, ReceivedMessage, Report};
use crate::distribution::{policy, store};
use crate::leads::{self, LeadStatus};
use crate::local_time::date_in_words;
use crate::sales::Agent;
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::OutboundKind;
use serde_json::json;

/// What an agent asks for.
pub(super) struct Request<'a> {
    pub(super) agent: &'a Agent,
    pub(super) command: Command,
    /// The code of the offer that the command names.
    pub(super) code: Option<&'a str>,
}

/// Executes a command. Returns `None` if the message is a duplicate: the caller must roll back.
pub(super) async fn handle(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    request: &Request<'_>,
) -> Result<Option<Report>> {
    match request.command {
        Command::Help => {
            let window = policy::window_in_words(work.app.distribution.ack_window);
            let body = work.app.texts.render(Text::Help, &[("window", &window)]);
            let verdict = Verdict::bare(Outcome::Help);
            let text = Answer::new(OutboundKind::Help, body);
            answer::answer_unhelpfully(work, received, verdict, text).await
        }
        Command::Queue => tell_queue(work, received, request.agent).await,
        Command::Pause => set_break(work, received, request.agent, true).await,
        Command::Resume => set_break(work, received, request.agent, false).await,
        Command::SecondChance => second_chance(work, received, request).await,
    }
}

/// Tells the agent their places in queues and their open offers.
async fn tell_queue(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
) -> Result<Option<Report>> {
    let places = store::places_of(work.connection, &agent.id).await?;
    let line = |place: &store::Place| {
        let (number, of) = (place.number.to_string(), place.of.to_string());
        let values = [
            ("queue", place.queue.as_str()),
            ("place", &number),
            ("of", &of),
            ("label", place.label.as_str()),
        ];
        work.app.texts.render(Text::QueuePlace, &values)
    };
    let mut lines: Vec<String> = places.iter().map(line).collect();
    if lines.is_empty() {
        lines.push(work.app.texts.render(Text::QueueNone, &[]));
    }
    let agents = std::slice::from_ref(&agent.id);
    let statuses = availability::duty_statuses(work.connection, agents, work.now).await?;
    if let Some(DutyStatus::Away { until, .. }) = statuses.get(&agent.id) {
        lines.push(match until {
            Some(until) => {
                let until = work.app.timezone.day_in_words(*until);
                work.app.texts.render(Text::AwayUntil, &[("until", &until)])
            }
            None => work.app.texts.render(Text::Away, &[]),
        });
    }
    let open = store::open_offers_of(work.connection, &agent.id).await?;
    let offers = answer::listed(work, &open).await?;
    let values = [
        ("queue", &*lines.join("\n")),
        ("count", &*open.len().to_string()),
        ("offers", &*offers.join("\n")),
    ];
    let body = work.app.texts.render(Text::Queue, &values);
    let text = Answer::new(OutboundKind::Queue, body.trim_end().to_owned());
    let verdict = Verdict::bare(Outcome::Queue);
    answer::answer_unhelpfully(work, received, verdict, text).await
}

/// Starts or ends the agent's break. During a break the agent gets no new offers; open offers stay.
async fn set_break(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
    starts: bool,
) -> Result<Option<Report>> {
    if duplicate::was_handled(work, received).await? {
        return Ok(None);
    }
    let said_at = received.acknowledged_at;
    let changed = if starts {
        availability::pause(work, &agent.id, None, said_at).await?
    } else {
        availability::resume(work, &agent.id, said_at).await?
    };
    if starts && changed {
        let body = work.app.texts.render(Text::Paused, &[]);
        return answer_paused(work, received, body).await;
    }
    answer_as_it_is(work, received, agent).await
}

/// Answers with what holds now: the break that the agent takes, or that they are ready. After a command that they wrote before another
/// one, that is not what the command asked for.
async fn answer_as_it_is(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
) -> Result<Option<Report>> {
    let status = availability::duty_status(work, &agent.id).await?;
    if let DutyStatus::Away {
        reason: Reason::Paused,
        until,
    } = status
    {
        let body = match until.map(|until| work.app.timezone.day_in_words(until)) {
            Some(until) => {
                let values = [("until", until.as_str())];
                work.app.texts.render(Text::PausedUntil, &values)
            }
            None => work.app.texts.render(Text::Paused, &[]),
        };
        return answer_paused(work, received, body).await;
    }
    let text = Answer::new(OutboundKind::Resumed, resumed_text(work, status));
    answer(work, received, Verdict::bare(Outcome::Resumed), text).await
}

async fn answer_paused(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    body: String,
) -> Result<Option<Report>> {
    let text = Answer::new(OutboundKind::Paused, body);
    answer(work, received, Verdict::bare(Outcome::Paused), text).await
}

/// What an agent reads who is ready again: the truth, if working hours, a holiday or a cap still stops offers.
fn resumed_text(work: &UnitOfWork<'_>, status: DutyStatus) -> String {
    let DutyStatus::Away { reason, until } = status else {
        return work.app.texts.render(Text::Resumed, &[]);
    };
    let texts = &work.app.texts;
    let reason = match reason {
        Reason::OffHours => Text::ReasonOffHours,
        Reason::Holiday => Text::ReasonHoliday,
        Reason::CapPerDay => Text::ReasonCapPerDay,
        Reason::CapOpen => Text::ReasonCapOpen,
        // A break and the leave of today have just ended, and the others are no absence.
        _ => return texts.render(Text::Resumed, &[]),
    };
    let reason = texts.render(reason, &[]);
    let until = match until {
        Some(until) => work.app.timezone.day_in_words(until),
        None => texts.render(Text::UntilLeadEnds, &[]),
    };
    let values = [("until", until.as_str()), ("reason", reason.as_str())];
    texts.render(Text::ResumedLater, &values)
}

/// Starts a break with an end, or notes days off. Open offers stay.
pub(super) async fn announce_absence(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
    absence: Absence,
) -> Result<Option<Report>> {
    if duplicate::was_handled(work, received).await? {
        return Ok(None);
    }
    let company = work.app.timezone;
    let zone = availability::timezone_of(work.connection, &agent.id, company).await?;
    let said_at = received.acknowledged_at;
    let body = match absence {
        Absence::Break(until) => {
            if !availability::pause(work, &agent.id, Some(until), said_at).await? {
                return answer_as_it_is(work, received, agent).await;
            }
            let until = zone.day_in_words(until);
            work.app
                .texts
                .render(Text::PausedUntil, &[("until", &until)])
        }
        Absence::Leave(first_day, last_day) => {
            let leave = Leave {
                first_day,
                last_day,
            };
            let by = (said_at, zone);
            let first_day = availability::add_leave(work, &agent.id, leave, by).await?;
            let Some(first_day) = first_day else {
                return answer_as_it_is(work, received, agent).await;
            };
            let (first, last) = (date_in_words(first_day), date_in_words(last_day));
            let values = [("first", first.as_str()), ("last", last.as_str())];
            work.app.texts.render(Text::LeaveNoted, &values)
        }
    };
    answer_paused(work, received, body).await
}

/// Gives the agent the lead that they were late for, if the queue allows it and no agent owns it.
async fn second_chance(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    request: &Request<'_>,
) -> Result<Option<Report>> {
    let agent = request.agent;
    let by = received.acknowledged_at + policy::WHOLE_SECOND;
    let missed = match request.code {
        Some(code) => store::offer_by_code(work.connection, &agent.id, code, by).await?,
        None => store::latest_offer(work.connection, &agent.id, by).await?,
    };
    let Some(offer) = missed.filter(|offer| offer.status == AttemptStatus::TimedOut) else {
        return answer::nothing_open(work, received).await;
    };
    let lead = leads::lock(work.connection, offer.lead).await?;
    work.refresh().await?;
    if duplicate::was_handled(work, received).await? {
        return Ok(None);
    }
    if lead.status != LeadStatus::Hangus
        || !store::gives_second_chances(work.connection, offer.cycle).await?
    {
        return answer::refuse_late(work, received, &offer).await;
    }
    if agent.disabled {
        return answer::refuse_disabled(work, received, &offer).await;
    }
    let why = json!({ "reason": "second_chance" });
    let assigned = assign::assign_locked(work, &lead, agent, why).await?;
    let offer = Offer {
        attempt: assigned.attempt,
        ..offer
    };
    let verdict = Verdict::about(Outcome::Accepted, &offer);
    answer::file(work, received, verdict).await
}
