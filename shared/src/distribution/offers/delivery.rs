//! What a provider's delivery status means for a message: it was accepted, it is sent again in
//! another form, or it will never arrive.

use super::{acceptance, freeze};
use crate::distribution::model::{AttemptStatus, Offer};
use crate::distribution::store::{self, Success};
use crate::id::AttemptId;
use crate::jobs::{ForwardLeadToSales, SendMessage, enqueue};
use crate::providers::cloud_api::{Class, class_of};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Progress, Reported, Status};
use crate::{App, Result};
use chrono::TimeDelta;

/// An offer that keeps failing outside a freeze is given up after this many tries, which is a minute.
const MAX_REQUEUES: i32 = 5;
/// Any other message, and an offer in a freeze, is given up after this many tries, which is about a day.
const MAX_PROBES: i32 = 300;
/// When a message is tried again that our account or its token kept from arriving. Each wait doubles with every try, …
const FIRST_PROBE: TimeDelta = TimeDelta::seconds(15);
/// … up to this.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(5);

/// Stores a status and applies it to its messages. Safe in any order and any number of times.
///
/// Returns the attempts whose offers will never arrive. The caller ends them.
pub(crate) async fn apply_status(app: &App, status: &Status) -> Result<Vec<AttemptId>> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let reported = whatsapp::report(app, &mut transaction, status, now).await?;
    transaction.commit().await?;
    if status.progress != Progress::Failed
        && let Some(left) = reported
            .iter()
            .filter_map(|message| message.accepted_at)
            .max()
    {
        freeze::thaw(app, Success::Left(left)).await?;
    }
    let mut undeliverable = Vec::new();
    for message in reported {
        if status.progress == Progress::Failed {
            if !retry_after_failure(app, status, &message).await? {
                undeliverable.extend(message.attempt);
            }
        } else if let Some(attempt) = message.attempt {
            acceptance::record_reported(app, attempt, message.resend_of).await?;
        }
    }
    Ok(undeliverable)
}

/// Sends a failed message again if another form or another time may succeed. Returns `false` if it
/// will never arrive.
async fn retry_after_failure(app: &App, status: &Status, message: &Reported) -> Result<bool> {
    // The message reached another device of the recipient.
    if message.state != "failed" {
        return Ok(true);
    }
    // Only Meta's codes are in the table. The linked device has codes of its own.
    let code = status.code.filter(|_| app.provider.rules().is_some());
    let class = code.map_or(Class::Message, |code| class_of(code, false));
    tracing::warn!(message = %message.id, code = status.code, ?class, "whatsapp.failed");
    let is_frozen = count(app, class, status, message).await?;
    // An offer goes to the next agent instead, except in a freeze.
    let most = if is_frozen || message.attempt.is_none() {
        MAX_PROBES
    } else {
        MAX_REQUEUES
    };
    match wait_before_retry(app, class, status, message) {
        Some(wait) if message.requeued < most => {
            send_again(app, message, class == Class::Window, wait).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Counts a failure that is not the recipient's. Returns whether the provider is frozen.
async fn count(app: &App, class: Class, status: &Status, message: &Reported) -> Result<bool> {
    let recipient = match class {
        Class::Account | Class::Token => None,
        Class::TooQuick | Class::Transient => Some(message.to.as_str()),
        _ => return Ok(false),
    };
    let reason = format!("a message failed with {}", status.code.unwrap_or_default());
    freeze::failed_by_status(app, &reason, recipient).await
}

/// How long to wait before the message is sent again. `None` if another try cannot succeed.
fn wait_before_retry(
    app: &App,
    class: Class,
    status: &Status,
    message: &Reported,
) -> Option<TimeDelta> {
    let doubled = |wait: TimeDelta| (wait * (1 << message.requeued.clamp(0, 8))).min(LONGEST_WAIT);
    match class {
        // Even a template is refused because the window is closed, or there is no template and words are refused again and again.
        Class::Window if message.form == "template" || message.requeued >= MAX_REQUEUES => None,
        Class::Window => Some(TimeDelta::zero()),
        Class::Pair => {
            let pause = app.provider.rules().map(|rules| rules.pair_pause);
            pause
                .and_then(|pause| TimeDelta::from_std(pause).ok())
                .map(doubled)
        }
        Class::TooQuick | Class::Transient => Some(doubled(TimeDelta::seconds(2))),
        Class::Template => {
            tracing::error!(
                code = status.code,
                "whatsapp.template_refused: check the template in Meta's WhatsApp manager"
            );
            None
        }
        Class::Account | Class::Token => Some(doubled(FIRST_PROBE)),
        Class::Recipient | Class::NotToday | Class::Message => None,
    }
}

/// Puts the message back into the queue, with a new job.
async fn send_again(
    app: &App,
    message: &Reported,
    window_is_closed: bool,
    wait: TimeDelta,
) -> Result<()> {
    let mut transaction = app.begin().await?;
    // Before its message, as every operation locks them.
    let offer = match message.attempt {
        Some(attempt) => store::lock_offer(&mut transaction, attempt).await?,
        None => None,
    };
    let is_over = |offer: &Offer| offer.status != AttemptStatus::Open;
    if message.attempt.is_some() && offer.as_ref().is_none_or(is_over) {
        // Nobody waits for this offer any more.
        return Ok(());
    }
    if whatsapp::requeue(&mut transaction, message.id, window_is_closed).await? {
        let mut work = UnitOfWork::start(app, &mut transaction, Cause::Provider).await?;
        let due = work.now + wait;
        if let Some(offer) = &offer {
            acceptance::forget(&mut work, offer).await?;
        }
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
