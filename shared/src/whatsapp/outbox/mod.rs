//! Handing messages to the provider, once each, as fast as it allows.
//!
//! Where a provider has rules, each call is a row of `wa_send`, committed before the call and settled
//! by its answer. A process that dies between the two, or an answer that never comes, leaves the call
//! unsettled: a status names it by the id that the call carried (`biz_opaque_callback_data`) and settles
//! it; only after [`Rules::settle_after`] without a status is the message sent again, and the log says so.

mod store;

use super::{OutboundKind, Queued};
use crate::error::Unfit;
use crate::id::{AttemptId, MessageId, SendId};
use crate::providers::{Accepted, Content, ListedOffer, Outgoing, Rules, Template, Templates};
use crate::texts::Text;
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// So many offers fit into one list (Meta's limit of rows).
const MOST_LISTED: i64 = 10;
/// An agent learns of all that wait for them in this many forms at most: as asked, then as it will do.
const MOST_FORMS: usize = 3;

/// What the provider took: one message, or a list of offers.
#[derive(Debug)]
pub struct Handed {
    /// The call, where calls are kept.
    pub send: Option<SendId>,
    /// Its word.
    pub accepted: Accepted,
    /// The messages that it took, with the offers that they make.
    pub messages: Vec<(MessageId, Option<AttemptId>)>,
    /// The call of which nothing had been heard, if it was sent again.
    pub resend_of: Option<SendId>,
}

/// Gives one message to the provider; where there are rules, with it the other offers that wait for the
/// same agent. A refusal for good is recorded on the rows.
pub async fn hand_over(app: &App, queued: &Queued) -> Result<Handed> {
    let Some(rules) = app.provider.rules() else {
        return hand_over_freely(app, queued).await;
    };
    let mut excluded = None;
    for _ in 0..MOST_FORMS {
        let Some(call) = prepare(app, rules, queued, excluded).await? else {
            return Err(Error::NotFound { what: "message" });
        };
        match app.provider.send(&call.outgoing).await {
            Ok(accepted) => {
                return Ok(Handed {
                    send: Some(call.id),
                    accepted,
                    messages: call.messages,
                    resend_of: call.resend_of,
                });
            }
            Err(Error::Unfit { what, reason, .. }) => {
                let mut connection = app.pool.acquire().await?;
                let now = app.clock.now(&mut connection).await?;
                store::settle(&mut connection, call.id, "unsent", now).await?;
                match what {
                    Unfit::OutsideWindow => {
                        let provider = app.provider.name();
                        store::close_window(&mut connection, provider, &queued.to).await?;
                    }
                    Unfit::Template => {
                        tracing::error!(
                            reason,
                            "whatsapp.template_refused: look at it in Meta's manager"
                        );
                    }
                }
                if excluded.replace(what) == Some(what) {
                    break;
                }
            }
            Err(error) => return Err(after(app, &call, error).await?),
        }
    }
    let reason = "no form of it is taken: the window is closed and no template will do".to_owned();
    super::give_up(app, queued.id, &reason).await?;
    Err(Error::Refused {
        provider: app.provider.name(),
        reason,
    })
}

/// A provider without rules: the message as it is.
async fn hand_over_freely(app: &App, queued: &Queued) -> Result<Handed> {
    let outgoing = Outgoing {
        id: queued.id,
        send: None,
        from: app.company_phone.clone(),
        to: queued.to.clone(),
        body: queued.body.clone(),
        content: Content::Text,
    };
    if let Some(id) = app.provider.message_id(queued.id) {
        let mut connection = app.pool.acquire().await?;
        store::announce(&mut connection, queued.id, &id).await?;
    }
    match app.provider.send(&outgoing).await {
        Ok(accepted) => Ok(Handed {
            send: None,
            accepted,
            messages: vec![(queued.id, queued.attempt)],
            resend_of: None,
        }),
        Err(refusal @ Error::Refused { .. }) => {
            super::give_up(app, queued.id, &refusal.to_string()).await?;
            Err(refusal)
        }
        Err(error) => Err(error),
    }
}

/// Records what became of a call that was not taken.
async fn after(app: &App, call: &Call, error: Error) -> Result<Error> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    match &error {
        // Unsettled: a status may still tell.
        Error::OutcomeUnknown { reason, .. } => {
            tracing::warn!(send = %call.id, reason, "whatsapp.outcome_unknown");
        }
        Error::Refused { .. } => {
            let reason = error.to_string();
            store::settle_refused(&mut connection, call.id, &reason, now).await?;
        }
        _ => store::settle(&mut connection, call.id, "unsent", now).await?,
    }
    Ok(error)
}

/// A call that is about to be made.
struct Call {
    id: SendId,
    outgoing: Outgoing,
    messages: Vec<(MessageId, Option<AttemptId>)>,
    resend_of: Option<SendId>,
}

/// Writes the call down, in a transaction of its own, if it may be made now. `None`: the message waits
/// no more. Not yet: [`Error::NotYet`].
async fn prepare(
    app: &App,
    rules: &Rules,
    queued: &Queued,
    excluded: Option<Unfit>,
) -> Result<Option<Call>> {
    let provider = app.provider.name();
    let mut transaction = app.pool.begin().await?;
    // One call at a time to one person, whichever worker makes it.
    let contact = store::lock_contact(&mut transaction, provider, &queued.to).await?;
    let now = app.clock.now(&mut transaction).await?;
    let Some(waiting) = store::waiting(&mut transaction, queued.id).await? else {
        return Ok(None);
    };
    let resend_of = match waiting.unsettled {
        Some((send, started_at)) => {
            not_before(started_at, rules.settle_after, now)?;
            store::settle(&mut transaction, send, "lost", now).await?;
            tracing::warn!(message = %queued.id, lost = %send, "whatsapp.resent: nothing was heard of it");
            Some(send)
        }
        // What was lost stays lost through tries that came to nothing.
        None => waiting.lost,
    };
    // The same message in another form is not another message to the pair.
    if excluded.is_none()
        && let Some(next) = contact.next_send_at
    {
        not_before(next, std::time::Duration::ZERO, now)?;
    }
    take_a_place(&mut transaction, provider, rules, now).await?;
    let window = TimeDelta::from_std(rules.window).unwrap_or_default();
    let open = excluded != Some(Unfit::OutsideWindow)
        && contact
            .last_heard_at
            .is_some_and(|heard| now < heard + window);
    let templates_do = excluded != Some(Unfit::Template);
    let id = SendId::new();
    let companions = match waiting.attempt {
        Some(_) if open => {
            store::waiting_offers(
                &mut transaction,
                &queued.to,
                queued.id,
                now,
                MOST_LISTED - 1,
            )
            .await?
        }
        _ => Vec::new(),
    };
    let form = form(app, rules, &waiting, &companions, open, templates_do);
    let mut messages = vec![(queued.id, waiting.attempt)];
    messages.extend(companions.iter().map(|offer| (offer.id, offer.attempt)));
    let next = now + TimeDelta::from_std(rules.pair_pause).unwrap_or_default();
    store::begin(
        &mut transaction,
        provider,
        &queued.to,
        id,
        form.name,
        resend_of,
        now,
        next,
    )
    .await?;
    let ids: Vec<MessageId> = messages.iter().map(|(message, _)| *message).collect();
    store::attach(&mut transaction, id, &ids).await?;
    transaction.commit().await?;
    Ok(Some(Call {
        id,
        outgoing: Outgoing {
            id: queued.id,
            send: Some(id),
            from: app.company_phone.clone(),
            to: queued.to.clone(),
            body: form.body,
            content: form.content,
        },
        messages,
        resend_of,
    }))
}

/// [`Error::NotYet`] until `pause` after `since`.
fn not_before(since: DateTime<Utc>, pause: std::time::Duration, now: DateTime<Utc>) -> Result<()> {
    match (since + TimeDelta::from_std(pause).unwrap_or_default() - now).to_std() {
        Ok(wait) if !wait.is_zero() => Err(Error::NotYet { wait }),
        _ => Ok(()),
    }
}

/// Takes a place in the number's bucket (GCRA), which is a quarter smaller than Meta's: what comes in
/// counts there, too, and clocks differ.
async fn take_a_place(
    connection: &mut PgConnection,
    provider: &str,
    rules: &Rules,
    now: DateTime<Utc>,
) -> Result<()> {
    let rate = f64::from(rules.messages_per_second.max(1)) * 0.75;
    let interval =
        TimeDelta::from_std(std::time::Duration::from_secs_f64(1.0 / rate)).unwrap_or_default();
    let burst = TimeDelta::milliseconds(200);
    if let Some(free_at) = store::pace(connection, provider, now, interval, burst).await? {
        not_before(free_at, std::time::Duration::ZERO, now)?;
    }
    Ok(())
}

struct Form {
    name: &'static str,
    body: String,
    content: Content,
}

/// Buttons or a list while the window is open, a template outside it, words where there is none.
fn form(
    app: &App,
    rules: &Rules,
    waiting: &store::Waiting,
    companions: &[store::Waiting],
    open: bool,
    templates_do: bool,
) -> Form {
    let words = |name, content| Form {
        name,
        body: waiting.body.clone(),
        content,
    };
    if !open
        && templates_do
        && let Some(template) = template(rules, waiting)
    {
        return words("template", Content::Template(template));
    }
    match waiting.attempt {
        Some(attempt) if open && companions.is_empty() => words("buttons", Content::Offer(attempt)),
        Some(attempt) if open => list(app, attempt, waiting, companions),
        _ => words("text", Content::Text),
    }
}

fn template(rules: &Rules, waiting: &store::Waiting) -> Option<Template> {
    let Templates {
        offer,
        notice,
        welcome,
        language,
    } = &rules.templates;
    let made = |name: &Option<String>, parameters: Vec<String>, payloads| {
        name.as_ref().map(|name| Template {
            name: name.clone(),
            language: language.clone(),
            parameters,
            payloads,
        })
    };
    let parameters = waiting.parameters.clone().unwrap_or_default();
    match (waiting.kind.as_str(), waiting.attempt) {
        (kind, Some(attempt)) if kind == OutboundKind::Offer.as_str() => {
            let payloads = vec![format!("claim:{attempt}"), format!("pass:{attempt}")];
            made(offer, parameters, payloads)
        }
        (kind, _) if kind == OutboundKind::Welcome.as_str() => {
            made(welcome, parameters, Vec::new())
        }
        (kind, _) if kind == OutboundKind::AutoReply.as_str() => None,
        _ => made(notice, vec![waiting.body.clone()], Vec::new()),
    }
}

fn list(
    app: &App,
    attempt: AttemptId,
    waiting: &store::Waiting,
    companions: &[store::Waiting],
) -> Form {
    let line = |offer: &store::Waiting| offer.line.clone().unwrap_or_else(|| "-".to_owned());
    let mut offers = vec![ListedOffer {
        attempt,
        line: line(waiting),
    }];
    offers.extend(companions.iter().filter_map(|offer| {
        offer.attempt.map(|attempt| ListedOffer {
            attempt,
            line: line(offer),
        })
    }));
    let lines: Vec<&str> = offers.iter().map(|offer| offer.line.as_str()).collect();
    let first = lines[0].split_whitespace().next().unwrap_or("-");
    let count = offers.len().to_string();
    let values = [
        ("count", count.as_str()),
        ("offers", &lines.join("\n")),
        ("code", first),
    ];
    let body = app.texts.render(Text::OfferList, &values);
    Form {
        name: "list",
        body,
        content: Content::Offers(offers),
    }
}
