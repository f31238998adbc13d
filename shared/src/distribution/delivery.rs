//! What a provider's statuses mean for offers: a taken one has its full window, one that failed goes on,
//! or goes again in another form.

use super::undeliverable::{Undeliverable, offer_undeliverable};
use super::{forward, freeze, store};
use crate::jobs::{ForwardLeadToSales, SendMessage, enqueue};
use crate::providers::cloud_api::{Class, class_of};
use crate::whatsapp::{self, Progress, Reported, Status};
use crate::{App, Result};
use chrono::TimeDelta;

/// A message that keeps failing is given up after so many tries.
const MOST_REQUEUES: i32 = 5;
/// How often a message is tried that our account, or its token, keeps from being sent.
const PROBE_EVERY: TimeDelta = TimeDelta::seconds(15);

/// Writes a status down and does what follows from it. Any order, any number of times.
pub async fn report(app: &App, status: &Status) -> Result<()> {
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let reported = whatsapp::report(app, &mut transaction, status, now).await?;
    transaction.commit().await?;
    for message in reported {
        if status.progress == Progress::Failed {
            failed(app, status, &message).await?;
        } else if let Some(attempt) = message.attempt {
            let mut transaction = app.pool.begin().await?;
            if let Some(offer) = store::lock_offer(&mut transaction, attempt).await? {
                let now = app.clock.now(&mut transaction).await?;
                let resend_of = message.resend_of;
                forward::record_offer(app, &mut transaction, &offer, resend_of, now).await?;
            }
            transaction.commit().await?;
        }
    }
    Ok(())
}

/// What a failure asks for: another form, another time, or another agent.
async fn failed(app: &App, status: &Status, message: &Reported) -> Result<()> {
    // One of several phones: it arrived on another.
    if message.state != "failed" {
        return Ok(());
    }
    let class = status
        .code
        .map_or(Class::Message, |code| class_of(code, false));
    tracing::warn!(message = %message.id, code = status.code, ?class, "whatsapp.failed");
    let rules = app.provider.rules();
    let again_after = match class {
        // A template was refused for the window's sake: nothing will do.
        Class::Window if message.form == "template" => None,
        Class::Window => Some(TimeDelta::zero()),
        Class::Pair => rules.and_then(|rules| TimeDelta::from_std(rules.pair_pause).ok()),
        Class::TooQuick | Class::Transient => {
            Some(TimeDelta::seconds(2 << message.requeued.min(6)))
        }
        Class::Account | Class::Token => {
            let reason = format!("a message failed with {}", status.code.unwrap_or_default());
            freeze::suspend(app, &reason).await?;
            // However often: it is no agent's fault, and no lead goes on for it.
            return send_again(app, message, false, PROBE_EVERY).await;
        }
        Class::Template => {
            tracing::error!(
                code = status.code,
                "whatsapp.template_refused: look at it in Meta's manager"
            );
            None
        }
        Class::Recipient | Class::NotToday | Class::Message => None,
    };
    if let Some(wait) = again_after
        && message.requeued < MOST_REQUEUES
    {
        return send_again(app, message, class == Class::Window, wait).await;
    }
    match message.attempt {
        Some(attempt) => offer_undeliverable(app, attempt, Undeliverable::Refused).await,
        None => Ok(()),
    }
}

/// Puts the message back, with a job of its own.
async fn send_again(
    app: &App,
    message: &Reported,
    window_is_closed: bool,
    wait: TimeDelta,
) -> Result<()> {
    let mut transaction = app.pool.begin().await?;
    if whatsapp::requeue(&mut transaction, message.id, window_is_closed).await? {
        let due = app.clock.now(&mut transaction).await? + wait;
        let nth = message.requeued + 1;
        if let Some(attempt) = message.attempt {
            let job = ForwardLeadToSales { attempt, nth };
            enqueue(&mut transaction, &job, due).await?;
        } else {
            let message = message.id;
            enqueue(&mut transaction, &SendMessage { message, nth }, due).await?;
        }
    }
    Ok(transaction.commit().await?)
}
