//! Sends messages to the provider, no faster than its rules allow. A message is sent a second time only
//! if its outcome stays unknown.
//!
//! If a provider has rules ([`Rules`]: rate limits and unreliable answers), each send is a row of `wa_send`. The row is committed before the call, and the
//! answer settles it. If the process dies between the two, or no answer comes, the send stays unsettled.
//! A status names it by the id that the call contained (`biz_opaque_callback_data`) and settles it. Only
//! after [`Rules::settle_after`] without a status is the message sent again, and the log reports it.

mod store;

use super::model::{OutboundKind, Queued};
use super::sending::AcceptedSend;
use super::store::set_failed;
use super::traces;
use crate::error::{ProviderFailure, Unfit};
use crate::id::{AttemptId, MessageId, SendId};
use crate::providers::{self, Content, ListedOffer, Outgoing, Rules, Template, Templates};
use crate::texts::Text;
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// How many offers one list can contain (Meta's limit of rows).
const MAX_LISTED: i64 = 10;
/// When a notice is tried again that an offer to the same person overtakes.
const AFTER_OFFER: std::time::Duration = std::time::Duration::from_secs(1);
/// How many formats are tried for one message: buttons or a list, a template, text.
const MAX_FORMS: usize = 3;

/// Delivers one message to the provider. If the provider has rules, the other offers that wait for the
/// same agent go with it. A permanent refusal is stored on the rows.
///
/// Returns `None` if the message no longer waits. Fails with [`Error::NotYet`] if the rules do not
/// allow a message now, and with [`Error::Provider`] if the provider fails.
pub async fn deliver(app: &App, queued: &Queued) -> Result<Option<AcceptedSend>> {
    let Some(rules) = app.provider.rules() else {
        return deliver_without_rules(app, queued).await.map(Some);
    };
    let mut excluded = None;
    for _ in 0..MAX_FORMS {
        let Some(call) = prepare(app, rules, queued, excluded).await? else {
            return Ok(None);
        };
        let error = match providers::send(&*app.provider, &call.outgoing).await {
            Ok(accepted) => {
                return Ok(Some(AcceptedSend {
                    send: Some(call.id),
                    accepted,
                    messages: call.messages,
                    resend_of: call.resend_of,
                }));
            }
            Err(error) => error,
        };
        let Some(ProviderFailure::Unfit(unfit)) = error.provider_failure() else {
            return Err(after_failure(app, &call, error).await?);
        };
        exclude_form(app, queued, &call, unfit, &error).await?;
        if excluded.replace(unfit) == Some(unfit) {
            break;
        }
    }
    let reason = "no form is accepted: the window is closed and no template can be used";
    let mut connection = app.pool.acquire().await?;
    set_failed(&mut connection, queued.id, reason).await?;
    let class = ProviderFailure::Refused;
    Err(Error::provider(app.provider.name(), class, reason))
}

/// Records that the provider does not accept the message in this form.
async fn exclude_form(
    app: &App,
    queued: &Queued,
    call: &Call,
    unfit: Unfit,
    error: &Error,
) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::settle(&mut connection, call.id, "unsent", now).await?;
    match unfit {
        Unfit::OutsideWindow => {
            store::close_window(&mut connection, app.provider.name(), &queued.to).await?;
        }
        Unfit::Template => {
            tracing::error!(
                %error,
                "whatsapp.template_refused: check the template in Meta's WhatsApp manager"
            );
        }
    }
    Ok(())
}

/// Delivers a message as it is, through a provider without rules.
async fn deliver_without_rules(app: &App, queued: &Queued) -> Result<AcceptedSend> {
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
        traces::remember(&mut connection, &[queued.id]).await?;
    }
    match providers::send(&*app.provider, &outgoing).await {
        Ok(accepted) => Ok(AcceptedSend {
            send: None,
            accepted,
            messages: vec![(queued.id, queued.attempt)],
            resend_of: None,
        }),
        Err(error) => {
            if error.provider_failure() == Some(ProviderFailure::Refused) {
                let mut connection = app.pool.acquire().await?;
                set_failed(&mut connection, queued.id, &error.to_string()).await?;
            }
            Err(error)
        }
    }
}

/// Records the outcome of a send that the provider did not accept. Returns the error.
async fn after_failure(app: &App, call: &Call, error: Error) -> Result<Error> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    match error.provider_failure() {
        // The send stays unsettled: a status can still report its outcome.
        Some(ProviderFailure::OutcomeUnknown) => {
            tracing::warn!(send = %call.id, %error, "whatsapp.outcome_unknown");
        }
        Some(ProviderFailure::Refused) => {
            let reason = error.to_string();
            store::settle_refused(&mut connection, call.id, &reason, now).await?;
        }
        _ => store::settle(&mut connection, call.id, "unsent", now).await?,
    }
    Ok(error)
}

/// A send that is about to be made.
struct Call {
    id: SendId,
    outgoing: Outgoing,
    messages: Vec<(MessageId, Option<AttemptId>)>,
    resend_of: Option<SendId>,
}

/// Records the send in its own transaction, if the rules allow it now. Returns `None` if the message is
/// no longer queued. Fails with [`Error::NotYet`] if the rules do not allow it.
async fn prepare(
    app: &App,
    rules: &Rules,
    queued: &Queued,
    excluded: Option<Unfit>,
) -> Result<Option<Call>> {
    let provider = app.provider.name();
    let mut transaction = app.begin().await?;
    // One send at a time to one person, by any worker.
    let contact = store::lock_contact(&mut transaction, provider, &queued.to).await?;
    let now = app.clock.now(&mut transaction).await?;
    let Some(waiting) = store::waiting(&mut transaction, queued.id).await? else {
        return Ok(None);
    };
    if waiting.offer_waits {
        return Err(Error::NotYet { wait: AFTER_OFFER });
    }
    let resend_of = match waiting.unsettled {
        Some((send, started_at)) => {
            not_before(started_at, rules.settle_after, now)?;
            store::settle(&mut transaction, send, "lost", now).await?;
            Some(send)
        }
        // Remember the send with an unknown outcome, even if later sends failed.
        None => waiting.lost,
    };
    // The same message in another form does not count against the pause between two messages to one person.
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
            store::waiting_offers(&mut transaction, &queued.to, queued.id, now, MAX_LISTED - 1)
                .await?
        }
        _ => Vec::new(),
    };
    let form = form(app, rules, &waiting, &companions, open, templates_do);
    let mut messages = vec![(queued.id, waiting.attempt)];
    messages.extend(companions.iter().map(|offer| (offer.id, offer.attempt)));
    let next = now + TimeDelta::from_std(rules.pair_pause).unwrap_or_default();
    let send = store::NewSend {
        id,
        provider,
        to: &queued.to,
        form: form.name,
        resend_of,
    };
    store::begin(&mut transaction, &send, now, next).await?;
    let ids: Vec<MessageId> = messages.iter().map(|(message, _)| *message).collect();
    if !store::attach(&mut transaction, id, &ids).await? {
        // The next run reads anew what still waits.
        return Err(Error::NotYet {
            wait: std::time::Duration::ZERO,
        });
    }
    traces::remember(&mut transaction, &ids).await?;
    transaction.commit().await?;
    if let Some((lost, _)) = waiting.unsettled {
        tracing::warn!(message = %queued.id, %lost, "whatsapp.resent: nothing was heard of it");
    }
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

/// Fails with [`Error::NotYet`] until `pause` after `since`.
fn not_before(since: DateTime<Utc>, pause: std::time::Duration, now: DateTime<Utc>) -> Result<()> {
    match (since + TimeDelta::from_std(pause).unwrap_or_default() - now).to_std() {
        Ok(wait) if !wait.is_zero() => Err(Error::NotYet { wait }),
        _ => Ok(()),
    }
}

/// Takes a place in the number's bucket (GCRA). It is a quarter smaller than Meta's limit, because incoming
/// messages count too and clocks differ.
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

/// Buttons or a list while the 24-hour window is open, a template outside it, text if there is no template.
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
