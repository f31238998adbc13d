//! A lead that a person of the office enters: a walk-in, a referral, a call.

use crate::address::Address;
use crate::auth::{Role, User};
use crate::distribution::endings::assign::assign_quietly;
use crate::distribution::endings::withdraw::{Notice, notify};
use crate::distribution::model::Trigger;
use crate::distribution::offers::cycle;
use crate::distribution::offers::owner_text::owner_text;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::leads::{self, Contact, Enquiry, EnquiryKind, Lead, LeadStatus};
use crate::phone::Phone;
use crate::sales::{self, Agent, Origin};
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::OutboundKind;
use crate::{App, Error, Result};
use serde_json::json;
use sqlx::PgConnection;

/// A lead to be entered.
#[derive(Clone, Debug)]
pub struct NewLead {
    /// The client's number.
    pub phone: Phone,
    /// The client's name.
    pub name: Option<String>,
    /// Where the client comes from: "walk-in", a referral, an ad.
    pub source: Option<String>,
    /// The project that the client asks for.
    pub project: Option<String>,
    /// Who owns the lead; `None`: it is distributed.
    pub owner: Option<UserId>,
    /// A note, for the history.
    pub note: Option<String>,
}

/// Enters a lead. With an owner, the lead is theirs, and nobody is offered it. Without one, it is distributed. An owner
/// who did not enter it is told. A client who is given to an owner gets no message of ours.
///
/// An agent can only enter leads of their own. Fails with `LeadExists` if a lead has this number, and with `Invalid` if
/// it is the number of an agent or of the company.
pub async fn enter(app: &App, by: &User, new: &NewLead) -> Result<LeadId> {
    if by.role != Role::Admin && new.owner.as_ref() != Some(&by.id) {
        return Err(Error::invalid("ownerId", "must be yourself"));
    }
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    let (lead, given) = enter_quietly(&app, &mut transaction, &by.id, new).await?;
    if let Some(given) = given.filter(|given| given.owner.id != by.id) {
        let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Admin).await?;
        tell_owner(&mut work, &given).await?;
    }
    transaction.commit().await?;
    tracing::info!(lead = %lead, by = %by.id, "leads.entered");
    Ok(lead)
}

/// A new lead that has an owner.
pub(crate) struct Given {
    lead: Lead,
    owner: Agent,
    cycle: CycleId,
    attempt: AttemptId,
}

/// As [`enter`], in the caller's transaction, for any user, and without a message to the owner. If it fails, the caller
/// must roll back.
pub(crate) async fn enter_quietly(
    app: &App,
    connection: &mut PgConnection,
    by: &UserId,
    new: &NewLead,
) -> Result<(LeadId, Option<Given>)> {
    sales::check_is_no_number_of_ours(app, connection, &new.phone).await?;
    let owner = match &new.owner {
        Some(owner) => Some(sales::by_id(connection, owner).await?),
        None => None,
    };
    let contact = Contact {
        name: new.name.clone(),
        source_ads: new.source.clone(),
        project: new.project.clone(),
        ..Contact::known_by(Address::from(&new.phone))
    };
    if let Some(lead) = leads::find(connection, &contact).await? {
        return Err(Error::LeadExists { lead });
    }
    let status = match owner {
        Some(_) => LeadStatus::New,
        None => LeadStatus::Distributing,
    };
    let now = app.clock.now(connection).await?;
    let found = leads::find_or_create(connection, &contact, status, now).await?;
    let lead = found.lead;
    if found.created_at.is_none() {
        // Somebody else entered the same number at the same time.
        return Err(Error::LeadExists { lead: lead.id });
    }
    let mut work = UnitOfWork::start(app, connection, Cause::Admin).await?;
    let origin = Origin {
        project: new.project.clone(),
        campaign: None,
        source: new.source.clone(),
        words: None,
    };
    let enquiry = Enquiry {
        kind: EnquiryKind::Hand,
        meta_lead_id: None,
        origin: origin.clone(),
        area: None,
        click: leads::Click::default(),
    };
    leads::record_enquiry(work.connection, lead.id, &enquiry, now).await?;
    leads::record_created(work.connection, lead.id, by, new.note.as_deref(), now).await?;
    let id = lead.id;
    let Some(owner) = owner else {
        cycle::start(&mut work, &lead, &origin, Trigger::Admin).await?;
        return Ok((id, None));
    };
    let why = json!({ "reason": "entered", "by": by });
    let (assigned, cycle) = assign_quietly(&mut work, &lead, &owner, why).await?;
    let given = cycle.map(|cycle| Given {
        lead,
        owner,
        cycle,
        attempt: assigned.attempt,
    });
    Ok((id, given))
}

/// Tells the owner of a lead that somebody else entered.
async fn tell_owner(work: &mut UnitOfWork<'_>, given: &Given) -> Result<()> {
    let body = owner_text(work, Text::Assigned, &given.lead, None).await?;
    let notice = Notice {
        lead: &given.lead,
        agent: &given.owner,
        kind: OutboundKind::Assigned,
        cycle: given.cycle,
        attempt: Some(given.attempt),
    };
    notify(work, &notice, body).await
}
