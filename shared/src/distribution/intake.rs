//! A person asks: by an ad's form, or by writing.

use super::cycle::{self, Course};
use super::merge;
use super::model::{Ad, Outcome, Report};
use super::store::{self, InboundEvent};
use crate::id::{AttemptId, CycleId};
use crate::leads::{self, Contact, Enquiry, EnquiryKind, Lead, LeadStatus};
use crate::sales::{self, Origin};
use crate::texts::Text;
use crate::whatsapp::{self, Address, Draft, Heard, InboundKind, OutboundKind, Short};
use crate::{App, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Takes a lead from an ad's form. A first ad begins a cycle, as a chat does; one that comes while a
/// cycle is open is added to it; once the lead is claimed its owner is told; after hangus a new cycle
/// begins. The same `meta_lead_id` twice changes nothing.
pub async fn take_ad(app: &App, ad: &Ad) -> Result<Report> {
    let mut transaction = app.pool.begin().await?;
    let received_at = app.clock.now(&mut transaction).await?;
    let contact = Contact {
        address: Address::from(&ad.phone),
        also: None,
        name: ad.name.clone(),
        source_ads: ad.source_ads.clone(),
        project: ad.project.clone(),
        area: ad.area.clone(),
    };
    let lead = find_or_create(app, &mut transaction, &contact, received_at).await?;
    let now = app.clock.now(&mut transaction).await?;
    let enquiry = Enquiry {
        kind: EnquiryKind::Ad,
        meta_lead_id: Some(ad.meta_lead_id.clone()),
        origin: Origin {
            project: ad.project.clone(),
            campaign: ad.campaign.clone(),
            source: ad.source_ads.clone(),
        },
        area: ad.area.clone(),
        click: ad.click.clone(),
    };
    let new = leads::record_enquiry(&mut transaction, lead.id, &enquiry, now).await?;
    if !new {
        transaction.rollback().await?;
        return duplicate_ad(app, &ad.meta_lead_id).await;
    }
    let placed = place(app, &mut transaction, &lead, &enquiry, now).await?;
    match (placed.outcome, placed.cycle) {
        (Outcome::OwnerTold, _) => {
            tell_owner(app, &mut transaction, &lead, News::FilledIn(ad), now).await?;
        }
        (Outcome::Distributing | Outcome::Held, Some(cycle)) => {
            welcome(app, &mut transaction, &lead, cycle, now).await?;
        }
        _ => {}
    }
    transaction.commit().await?;
    tracing::info!(lead = %lead.id, outcome = placed.outcome.as_str(), "distribution.ad_taken");
    Ok(Report {
        outcome: placed.outcome,
        duplicate: false,
        message: None,
        lead: Some(lead.id),
        attempt: placed.attempt,
    })
}

/// Greets a client who filled in an ad and has not written, if there is a template for it.
async fn welcome(
    app: &App,
    connection: &mut PgConnection,
    lead: &Lead,
    cycle: CycleId,
    now: DateTime<Utc>,
) -> Result<()> {
    let greets = app
        .provider
        .rules()
        .is_some_and(|rules| rules.templates.welcome.is_some());
    let Some(phone) = lead.phone.as_ref().filter(|_| greets) else {
        return Ok(());
    };
    let name = lead.name.as_deref().unwrap_or("Bapak/Ibu");
    let draft = Draft {
        kind: OutboundKind::Welcome,
        to: phone.into(),
        body: app.texts.render(Text::Welcome, &[("name", name)]),
        lead: Some(lead.id),
        cycle: Some(cycle),
        attempt: None,
        in_reply_to: None,
        short: Some(Short {
            line: name.to_owned(),
            parameters: vec![name.to_owned()],
        }),
    };
    whatsapp::say(app, connection, &draft, now).await?;
    Ok(())
}

async fn duplicate_ad(app: &App, meta_lead_id: &str) -> Result<Report> {
    let mut connection = app.pool.acquire().await?;
    let lead = leads::by_meta_lead_id(&mut connection, meta_lead_id).await?;
    Ok(Report {
        outcome: Outcome::Added,
        duplicate: true,
        message: None,
        lead,
        attempt: None,
    })
}

/// A client wrote. `None`: this message was heard before, and the transaction must be rolled back.
pub(super) async fn client_speaks(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
) -> Result<Option<Report>> {
    let word = &event.word;
    let contact = Contact {
        address: word.from.clone(),
        also: word.also.clone(),
        name: word.name.clone(),
        source_ads: word.source_ads.clone(),
        project: word.project.clone(),
        area: None,
    };
    let lead = find_or_create(app, connection, &contact, event.received_at).await?;
    let now = app.clock.now(connection).await?;
    if super::hear::was_heard_before(app, connection, event).await? {
        return Ok(None);
    }
    // A thumb says nothing; what is old was said to somebody who is not there any more.
    if word.reaction.is_some() || event.is_stale(app) {
        return note(app, connection, event, &lead).await;
    }
    let enquiry = Enquiry {
        kind: EnquiryKind::Chat,
        meta_lead_id: None,
        origin: Origin {
            project: word.project.clone().or_else(|| lead.project.clone()),
            campaign: word.campaign.clone(),
            source: word.source_ads.clone().or_else(|| lead.source_ads.clone()),
        },
        area: None,
        click: word.click.clone(),
    };
    let placed = place(app, connection, &lead, &enquiry, now).await?;
    let heard = Heard {
        lead: Some(lead.id),
        cycle: placed.cycle,
        ..event.heard_as(InboundKind::Client, placed.outcome)
    };
    if !whatsapp::file_in(app, connection, &heard, event.received_at).await? {
        return Ok(None);
    }
    if let Some(cycle) = placed.cycle {
        let auto_reply = Draft {
            kind: OutboundKind::AutoReply,
            to: word.from.clone(),
            body: app.texts.render(Text::AutoReply, &[]),
            lead: Some(lead.id),
            cycle: Some(cycle),
            attempt: None,
            in_reply_to: Some(event.id),
            short: None,
        };
        whatsapp::say(app, connection, &auto_reply, now).await?;
    } else {
        tell_owner(app, connection, &lead, News::Wrote(event), now).await?;
    }
    Ok(Some(Report {
        outcome: placed.outcome,
        duplicate: false,
        message: Some(event.id),
        lead: Some(lead.id),
        attempt: placed.attempt,
    }))
}

/// Files a client's word from which nothing follows.
async fn note(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    lead: &Lead,
) -> Result<Option<Report>> {
    let heard = Heard {
        lead: Some(lead.id),
        ..event.heard_as(InboundKind::Client, Outcome::Noted)
    };
    let new = whatsapp::file_in(app, connection, &heard, event.received_at).await?;
    if event.is_stale(app) {
        tracing::warn!(lead = %lead.id, message = %event.id, "distribution.stale: a client's word came too late to be answered");
    }
    Ok(new.then_some(Report {
        outcome: Outcome::Noted,
        duplicate: false,
        message: Some(event.id),
        lead: Some(lead.id),
        attempt: None,
    }))
}

/// The client's lead, locked; two, if the word shows that they are one person, made one.
async fn find_or_create(
    app: &App,
    connection: &mut PgConnection,
    contact: &Contact,
    now: DateTime<Utc>,
) -> Result<Lead> {
    let (lead, other) = leads::find_or_create(connection, contact, now).await?;
    match other {
        Some(other) => merge::merge(app, connection, lead.id, other).await,
        None => Ok(lead),
    }
}

/// Where an enquiry landed.
struct Placed {
    outcome: Outcome,
    /// The cycle that the enquiry belongs to; none if the lead is claimed.
    cycle: Option<CycleId>,
    attempt: Option<AttemptId>,
}

/// Puts an enquiry where the lead stands: into the open cycle, to the owner, or into a new cycle.
async fn place(
    app: &App,
    connection: &mut PgConnection,
    lead: &Lead,
    enquiry: &Enquiry,
    now: DateTime<Utc>,
) -> Result<Placed> {
    if let Some(cycle) = store::lock_open_cycle(connection, lead.id).await? {
        return Ok(Placed {
            outcome: Outcome::Added,
            cycle: Some(cycle),
            attempt: None,
        });
    }
    if lead.status == LeadStatus::Claimed {
        return Ok(Placed {
            outcome: Outcome::OwnerTold,
            cycle: None,
            attempt: None,
        });
    }
    if enquiry.kind == EnquiryKind::Chat {
        leads::record_enquiry(connection, lead.id, enquiry, now).await?;
    }
    let (cycle, course) =
        cycle::start(app, connection, lead, &enquiry.origin, enquiry.kind, now).await?;
    let (outcome, attempt) = match course {
        Course::Offered(opened) => (Outcome::Distributing, Some(opened.attempt)),
        Course::Held => (Outcome::Held, None),
        Course::Exhausted => (Outcome::Hangus, None),
    };
    Ok(Placed {
        outcome,
        cycle: Some(cycle),
        attempt,
    })
}

/// Tells the lead's owner, if they can be reached, what their client did.
async fn tell_owner(
    app: &App,
    connection: &mut PgConnection,
    lead: &Lead,
    news: News<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(owner) = &lead.owner else {
        return Ok(());
    };
    let Some(to) = sales::by_id(connection, owner).await?.phone else {
        tracing::warn!(lead = %lead.id, sales = %owner, "whatsapp.unreachable: the owner has no number");
        return Ok(());
    };
    let (kind, text, detail, in_reply_to) = match news {
        News::Wrote(event) => (
            OutboundKind::OwnerClientWrote,
            Text::OwnerClientWrote,
            ("message", event.word.body.as_str()),
            Some(event.id),
        ),
        News::FilledIn(ad) => (
            OutboundKind::OwnerNewAd,
            Text::OwnerNewAd,
            ("source", ad.source_ads.as_deref().unwrap_or("-")),
            None,
        ),
    };
    let client = [
        ("name", lead.display_name()),
        ("phone", lead.display_phone()),
        detail,
    ];
    let draft = Draft {
        kind,
        to: to.into(),
        body: app.texts.render(text, &client),
        lead: Some(lead.id),
        cycle: None,
        attempt: None,
        in_reply_to,
        short: None,
    };
    whatsapp::say(app, connection, &draft, now).await?;
    Ok(())
}

/// What an owner is told of.
enum News<'event> {
    Wrote(&'event InboundEvent),
    FilledIn(&'event Ad),
}
