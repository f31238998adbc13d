//! An enquiry: a client writes or fills in a form. It goes to the open cycle, to the owner of the
//! lead, or into a new cycle.

use crate::distribution::endings::merge;
use crate::distribution::model::{Ad, Outcome, ReceivedMessage};
use crate::distribution::offers::cycle::{self, OfferResult};
use crate::distribution::store;
use crate::id::{AttemptId, CycleId};
use crate::leads::{self, Contact, Enquiry, EnquiryKind, Lead, LeadStatus};
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, OutboundKind};
use crate::{App, Result, sales};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The client's lead, locked. If the message shows that two leads are one person, they are merged.
pub(super) async fn find_or_create(
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

/// Where an enquiry was placed.
pub(super) struct Placed {
    pub(super) outcome: Outcome,
    /// The cycle that the enquiry belongs to. `None` if an agent owns the lead.
    pub(super) cycle: Option<CycleId>,
    pub(super) attempt: Option<AttemptId>,
}

/// Places an enquiry: in the open cycle, with the owner, or in a new cycle.
pub(super) async fn place(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    enquiry: &Enquiry,
) -> Result<Placed> {
    if let Some(cycle) = store::lock_open_cycle(work.connection, lead.id).await? {
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
        leads::record_enquiry(work.connection, lead.id, enquiry, work.now).await?;
    }
    let (cycle, result) = cycle::start(work, lead, &enquiry.origin, enquiry.kind).await?;
    let (outcome, attempt) = match result {
        OfferResult::Offered(opened) => (Outcome::Distributing, Some(opened.attempt)),
        OfferResult::Held => (Outcome::Held, None),
        OfferResult::Exhausted => (Outcome::Hangus, None),
    };
    Ok(Placed {
        outcome,
        cycle: Some(cycle),
        attempt,
    })
}

/// What the owner of a lead is notified of.
pub(super) enum News<'a> {
    /// The client wrote.
    Wrote(&'a ReceivedMessage),
    /// The client filled in another form.
    FilledIn(&'a Ad),
}

/// Tells the owner of a lead what the client did. An owner without a number is only logged.
pub(super) async fn tell_owner(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    news: News<'_>,
) -> Result<()> {
    let Some(owner) = &lead.owner else {
        return Ok(());
    };
    let Some(to) = sales::by_id(work.connection, owner).await?.phone else {
        tracing::warn!(lead = %lead.id, sales = %owner, "whatsapp.unreachable: the owner has no number");
        return Ok(());
    };
    let (kind, text, detail, in_reply_to) = match news {
        News::Wrote(received) => (
            OutboundKind::OwnerClientWrote,
            Text::OwnerClientWrote,
            ("message", received.message.body.as_str()),
            Some(received.id),
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
    let draft = Draft::new(kind, to, work.app.texts.render(text, &client))
        .lead(lead.id)
        .in_reply_to(in_reply_to);
    whatsapp::queue_message(work, &draft).await?;
    Ok(())
}
