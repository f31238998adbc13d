//! What agents may say beside taking and passing leads: `bantuan`, `antrian`, `istirahat`,
//! `siap kerja`, and "beri saya kesempatan lagi".

use super::answer::{self, Verdict, answer};
use super::assign;
use super::event::Cause;
use super::lexicon::Command;
use super::model::{AttemptStatus, Offer, Outcome, Report};
use super::store::{self, InboundEvent};
use super::{hear, policy};
use crate::availability::{self, Standing};
use crate::leads::{self, LeadStatus};
use crate::sales::Agent;
use crate::texts::Text;
use crate::whatsapp::OutboundKind;
use crate::{App, Result};
use serde_json::json;
use sqlx::PgConnection;

/// Does what the agent asks. `None`: this message was heard before, and the transaction must be
/// rolled back.
pub(super) async fn obey(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    agent: &Agent,
    command: Command,
    code: Option<&str>,
) -> Result<Option<Report>> {
    match command {
        Command::Help => {
            let window = policy::window_in_words(app.distribution.ack_window);
            let body = app.texts.render(Text::Help, &[("window", &window)]);
            let verdict = Verdict::bare(Outcome::Help);
            answer::answer_unhelpfully(app, connection, event, verdict, OutboundKind::Help, body)
                .await
        }
        Command::Queue => tell_queue(app, connection, event, agent).await,
        Command::Pause => take_break(app, connection, event, agent, true).await,
        Command::Resume => take_break(app, connection, event, agent, false).await,
        Command::SecondChance => second_chance(app, connection, event, agent, code).await,
    }
}

/// Where the agent stands, and which offers wait for them.
async fn tell_queue(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    agent: &Agent,
) -> Result<Option<Report>> {
    let places = store::places_of(connection, &agent.id).await?;
    let told = |place: &store::Place| {
        let (number, of) = (place.number.to_string(), place.of.to_string());
        let label = ("label", place.label.as_str());
        let values = [
            ("queue", place.queue.as_str()),
            ("place", &number),
            ("of", &of),
            label,
        ];
        app.texts.render(Text::QueuePlace, &values)
    };
    let mut lines: Vec<String> = places.iter().map(told).collect();
    if lines.is_empty() {
        lines.push(app.texts.render(Text::QueueNone, &[]));
    }
    let now = app.clock.now(connection).await?;
    let standings =
        availability::standings(connection, std::slice::from_ref(&agent.id), now).await?;
    if let Some(Standing::Away { until, .. }) = standings.get(&agent.id) {
        lines.push(match until {
            Some(until) => {
                let until = policy::jakarta_day_and_time(*until);
                app.texts.render(Text::AwayUntil, &[("until", &until)])
            }
            None => app.texts.render(Text::Away, &[]),
        });
    }
    let open = store::open_offers_of(connection, &agent.id).await?;
    let offers = answer::listed(app, connection, &open).await?;
    let count = open.len().to_string();
    let values = [
        ("queue", lines.join("\n")),
        ("count", count),
        ("offers", offers.join("\n")),
    ];
    let values = values
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let body = app.texts.render(Text::Queue, &values);
    let body = body.trim_end().to_owned();
    let verdict = Verdict::bare(Outcome::Queue);
    answer::answer_unhelpfully(app, connection, event, verdict, OutboundKind::Queue, body).await
}

/// From now on no offer comes to the agent, one that is open going on; or again from now on.
async fn take_break(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    agent: &Agent,
    begins: bool,
) -> Result<Option<Report>> {
    if hear::was_heard_before(app, connection, event).await? {
        return Ok(None);
    }
    let now = app.clock.now(connection).await?;
    let (outcome, kind, text) = if begins {
        availability::pause(connection, &agent.id, now).await?;
        (Outcome::Paused, OutboundKind::Paused, Text::Paused)
    } else {
        availability::resume(connection, &agent.id, now).await?;
        (Outcome::Resumed, OutboundKind::Resumed, Text::Resumed)
    };
    let body = app.texts.render(text, &[]);
    answer(app, connection, event, Verdict::bare(outcome), kind, body).await
}

/// Gives the agent the lead that they were late for, if their queue allows it and it is still
/// nobody's.
async fn second_chance(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    agent: &Agent,
    code: Option<&str>,
) -> Result<Option<Report>> {
    let by = event.acknowledged_at + policy::WHOLE_SECOND;
    let missed = match code {
        Some(code) => store::offer_by_code(connection, &agent.id, code, by).await?,
        None => store::latest_offer(connection, &agent.id, by).await?,
    };
    let Some(offer) = missed.filter(|offer| offer.status == AttemptStatus::TimedOut) else {
        return answer::nothing_open(app, connection, event).await;
    };
    let lead = leads::lock(connection, offer.lead).await?;
    let now = app.clock.now(connection).await?;
    if hear::was_heard_before(app, connection, event).await? {
        return Ok(None);
    }
    if lead.status != LeadStatus::Hangus
        || !store::gives_second_chances(connection, offer.cycle).await?
    {
        return answer::refuse_late(app, connection, event, &offer).await;
    }
    let why = json!({ "reason": "second_chance" });
    let given = assign::give(app, connection, &lead, agent, Cause::Agent, why, now).await?;
    let offer = Offer {
        attempt: given.attempt,
        ..offer
    };
    answer::file(
        app,
        connection,
        event,
        Verdict::about(Outcome::Accepted, &offer),
    )
    .await
}
