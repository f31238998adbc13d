//! An enquiry: a client writes or fills in a form. It goes to the open cycle, to the owner of the
//! lead, or into a new cycle.

use crate::config::SecondProject;
use crate::distribution::endings::merge;
use crate::distribution::model::Outcome;
use crate::distribution::offers::cycle;
use crate::distribution::offers::mask;
use crate::distribution::store;
use crate::id::{AttemptId, CycleId};
use crate::leads::{self, Contact, Enquiry, EnquiryKind, Lead, LeadStatus, Mark};
use crate::phone::Phone;
use crate::sales::{self, Agent, Origin};
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, OutboundKind};
use crate::{App, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A client's lead, locked.
pub(super) struct Client {
    pub(super) lead: Lead,
    /// The instant at which the lead was created, if it was now. Then it has no cycle, and no message of the client was
    /// handled before.
    created_at: Option<DateTime<Utc>>,
}

impl Client {
    pub(super) fn is_new(&self) -> bool {
        self.created_at.is_some()
    }

    /// Starts the unit of work of the enquiry, after the lead's lock.
    pub(super) async fn start<'t>(
        &self,
        app: &'t App,
        connection: &'t mut PgConnection,
    ) -> Result<UnitOfWork<'t>> {
        match self.created_at {
            Some(now) => Ok(UnitOfWork::at(app, connection, now, Cause::Enquiry)),
            None => UnitOfWork::start(app, connection, Cause::Enquiry).await,
        }
    }
}

/// The client's lead, locked. A new lead gets this status. If the message shows that two leads are one person, they
/// are merged.
pub(super) async fn find_or_create(
    app: &App,
    connection: &mut PgConnection,
    contact: &Contact,
    new: LeadStatus,
    now: DateTime<Utc>,
) -> Result<Client> {
    let found = leads::find_or_create(connection, contact, new, now).await?;
    let lead = match found.other {
        Some(other) => merge::merge(app, connection, found.lead.id, other).await?,
        None => found.lead,
    };
    let created_at = found
        .created_at
        .map(|read| app.clock.fixed().unwrap_or(read));
    Ok(Client { lead, created_at })
}

/// Where an enquiry was placed.
pub(super) struct Placed {
    pub(super) outcome: Outcome,
    /// The cycle that the enquiry belongs to. `None` if an agent owns the lead.
    pub(super) cycle: Option<CycleId>,
    pub(super) attempt: Option<AttemptId>,
    /// Who is told of it, if an agent owns the lead.
    pub(super) listeners: Option<Listeners>,
}

/// Who is told what the client of an owned lead does.
pub(super) enum Listeners {
    /// The owner.
    Owner(Agent),
    /// The managers, because the owner is disabled. `cycle` is the cycle that they can assign.
    Managers {
        /// The owner.
        owner: Agent,
        /// The lead's latest cycle.
        cycle: CycleId,
        /// The managers' numbers.
        managers: Vec<Phone>,
    },
}

/// Places an enquiry: in the open cycle, with the owner, or in a new cycle.
///
/// The enquiry of a lead whose owner is disabled goes to the managers of its queue. If the queue has no
/// managers, the lead is distributed again.
pub(super) async fn place(
    work: &mut UnitOfWork<'_>,
    client: &Client,
    enquiry: &Enquiry,
) -> Result<Placed> {
    let lead = &client.lead;
    let open = if client.is_new() {
        None
    } else {
        store::lock_open_cycle(work.connection, lead.id).await?
    };
    if let Some(cycle) = open {
        return Ok(Placed {
            outcome: Outcome::Added,
            cycle: Some(cycle),
            attempt: None,
            listeners: None,
        });
    }
    if lead.mark == Some(Mark::Suspect) {
        // Whoever writes is a person.
        leads::clear_suspect(work.connection, lead.id).await?;
    }
    let listeners = listeners(work, lead).await?;
    let is_moved = match &listeners {
        Some(Listeners::Owner(owner)) => move_to_other_queue(work, lead, owner, enquiry).await?,
        _ => false,
    };
    if let Some(listeners) = listeners.filter(|_| !is_moved) {
        return Ok(Placed {
            outcome: Outcome::OwnerTold,
            cycle: None,
            attempt: None,
            listeners: Some(listeners),
        });
    }
    if enquiry.kind == EnquiryKind::Chat {
        leads::record_enquiry(work.connection, lead.id, enquiry, work.now).await?;
    }
    // The former agent is asked first, but not about a project of other agents.
    let asked = Lead {
        owner: lead.owner.clone().filter(|_| !is_moved),
        ..lead.clone()
    };
    let (cycle, result) = cycle::start(work, &asked, &enquiry.origin, enquiry.kind).await?;
    let (outcome, attempt) = result.outcome();
    Ok(Placed {
        outcome,
        cycle: Some(cycle),
        attempt,
        listeners: None,
    })
}

/// Who is told what the client does. `None` if the lead must be distributed.
async fn listeners(work: &mut UnitOfWork<'_>, lead: &Lead) -> Result<Option<Listeners>> {
    let Some(owner) = lead
        .owner
        .as_ref()
        .filter(|_| lead.status == LeadStatus::Claimed)
    else {
        return Ok(None);
    };
    let owner = sales::by_id(work.connection, owner).await?;
    if !owner.disabled {
        return Ok(Some(Listeners::Owner(owner)));
    }
    let Some(cycle) = store::latest_cycle(work.connection, lead.id).await? else {
        return Ok(None);
    };
    let managers = store::managers_of(work.connection, cycle).await?;
    let managers: Vec<Phone> = managers
        .iter()
        .filter_map(|number| Phone::from_e164(number))
        .collect();
    Ok((!managers.is_empty()).then_some(Listeners::Managers {
        owner,
        cycle,
        managers,
    }))
}

/// Whether the enquiry asks for another project than the lead's, and the office distributes that
/// (`DISTRIBUTION_SECOND_PROJECT`).
async fn goes_to_another_queue(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    enquiry: &Enquiry,
) -> Result<bool> {
    let (Some(asked), Some(known)) = (&enquiry.origin.project, &lead.project) else {
        return Ok(false);
    };
    if work.app.distribution.second_project == SecondProject::Owner
        || asked.to_lowercase() == known.to_lowercase()
    {
        return Ok(false);
    }
    let (route, _) = sales::route(work.connection, &enquiry.origin).await?;
    let own = Origin {
        project: lead.project.clone(),
        source: lead.source_ads.clone(),
        ..Origin::default()
    };
    let (of_lead, _) = sales::route(work.connection, &own).await?;
    Ok(route.queue != of_lead.queue)
}

/// If the enquiry goes to another queue, tells the owner, and the other project becomes the lead's. Returns whether it does.
async fn move_to_other_queue(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    owner: &Agent,
    enquiry: &Enquiry,
) -> Result<bool> {
    if !goes_to_another_queue(work, lead, enquiry).await? {
        return Ok(false);
    }
    let project = enquiry.origin.project.clone();
    let values = [
        ("name", &*mask::name_of(work.app, lead)),
        ("project", project.as_deref().unwrap_or_default()),
    ];
    let body = work.app.texts.render(Text::OtherProject, &values);
    if let Some(to) = &owner.phone {
        let draft = Draft::new(OutboundKind::OtherProject, to, body).lead(lead.id);
        whatsapp::queue_message(work, &draft).await?;
    }
    let changed = Lead {
        project,
        ..lead.clone()
    };
    leads::correct(work.connection, &changed, work.now).await?;
    Ok(true)
}
