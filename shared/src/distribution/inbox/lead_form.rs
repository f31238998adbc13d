//! A client fills in an ad's lead form.

use super::{burst, enquiry, news};
use crate::address::Address;
use crate::distribution::model::{Ad, Outcome, Report};
use crate::id::CycleId;
use crate::leads::{self, Contact, Enquiry, EnquiryKind, Lead, LeadStatus};
use crate::sales::{self, Origin};
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, OutboundKind, Short};
use crate::{App, Result, contacts};

/// Takes a lead from an ad's form.
///
/// A first form starts a cycle, as a chat does. A form that comes while a cycle is open is added to
/// it. If an agent owns the lead, that agent is notified. After hangus a new cycle starts. A second form
/// with the same `meta_lead_id` changes nothing. Fails with `Invalid` if the number is an agent's or the company's.
pub async fn take_ad(app: &App, ad: &Ad) -> Result<Report> {
    let mut transaction = app.begin().await?;
    sales::check_is_no_number_of_ours(app, &mut transaction, &ad.phone).await?;
    if contacts::is_blocked(&mut transaction, &ad.phone).await? {
        tracing::info!("distribution.form_blocked: an admin blocked the number");
        return Ok(Report {
            outcome: Outcome::Blocked,
            duplicate: false,
            message: None,
            lead: None,
            attempt: None,
        });
    }
    let received_at = app.clock.now(&mut transaction).await?;
    let contact = Contact {
        address: Address::from(&ad.phone),
        other_address: None,
        name: ad.name.clone(),
        source_ads: ad.source_ads.clone(),
        project: ad.project.clone(),
        area: ad.area.clone(),
    };
    let new = LeadStatus::Distributing;
    let client = enquiry::find_or_create(app, &mut transaction, &contact, new, received_at).await?;
    let lead = &client.lead;
    let mut work = client.start(app, &mut transaction).await?;
    let enquiry = enquiry_of(ad);
    if !leads::record_enquiry(work.connection, lead.id, &enquiry, work.now).await? {
        transaction.rollback().await?;
        return duplicate_ad(app, &ad.meta_lead_id).await;
    }
    if burst::hold_if_suspect(&mut work, lead, ad, client.is_new()).await? {
        transaction.commit().await?;
        return Ok(Report {
            outcome: Outcome::Noted,
            duplicate: false,
            message: None,
            lead: Some(lead.id),
            attempt: None,
        });
    }
    let placed = enquiry::place(&mut work, &client, &enquiry).await?;
    if let Some(listeners) = &placed.listeners {
        news::tell_filled_in(&mut work, lead, listeners, ad).await?;
    }
    if let (Outcome::Distributing | Outcome::Held, Some(cycle)) = (placed.outcome, placed.cycle) {
        welcome(&mut work, lead, cycle).await?;
    }
    transaction.commit().await?;
    tracing::info!(lead = %lead.id, outcome = placed.outcome.as_str(), "distribution.form_taken");
    Ok(Report {
        outcome: placed.outcome,
        duplicate: false,
        message: None,
        lead: Some(lead.id),
        attempt: placed.attempt,
    })
}

fn enquiry_of(ad: &Ad) -> Enquiry {
    Enquiry {
        kind: EnquiryKind::Ad,
        meta_lead_id: Some(ad.meta_lead_id.clone()),
        origin: Origin {
            project: ad.project.clone(),
            campaign: ad.campaign.clone(),
            source: ad.source_ads.clone(),
            words: None,
        },
        area: ad.area.clone(),
        click: ad.click.clone(),
    }
}

/// Welcomes a client who filled in a form and has not written, if a template for that is set.
async fn welcome(work: &mut UnitOfWork<'_>, lead: &Lead, cycle: CycleId) -> Result<()> {
    let rules = work.app.provider.rules();
    let has_template = rules.is_some_and(|rules| rules.templates.welcome.is_some());
    let Some(phone) = lead.phone.as_ref().filter(|_| has_template) else {
        return Ok(());
    };
    let name = work.app.texts.name_of_client(lead.name.as_deref());
    let body = work.app.texts.render(Text::Welcome, &[("name", &name)]);
    let draft = Draft::new(OutboundKind::Welcome, phone, body)
        .lead(lead.id)
        .cycle(cycle)
        .short(Short {
            line: name.clone(),
            parameters: vec![name],
        });
    whatsapp::queue_message(work, &draft).await?;
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
