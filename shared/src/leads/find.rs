//! Finding the lead of a person, or creating it.

use super::model::{Contact, Lead, LeadStatus, NewLead};
use super::{creation, identities, store};
use crate::address::Address;
use crate::id::LeadId;
use crate::phone::Phone;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;

/// A person's lead, locked.
#[derive(Debug)]
pub struct Found {
    /// The lead.
    pub lead: Lead,
    /// A second lead that keys of the person belong to.
    pub other: Option<LeadId>,
    /// The database's clock right after this call created the lead and took its last lock. `None` if the lead existed, or has no number.
    pub created_at: Option<DateTime<Utc>>,
}

/// Finds the lead of this person or creates it with this status, and locks it until the transaction ends. Fills in
/// a name, number or ad that was unknown, and changes nothing that is known.
///
/// A caller that is certain to start a cycle creates the lead as `distributing`, so that its row is written once.
pub async fn find_or_create(
    connection: &mut PgConnection,
    contact: &Contact,
    new: LeadStatus,
    now: DateTime<Utc>,
) -> Result<Found> {
    let keys = identities::keys_of(contact);
    let phone = keys.iter().find_map(Address::phone);
    if phone.is_some()
        && let Some(found) = create(connection, contact, (new, now)).await?
    {
        return Ok(found);
    }
    let named = identities::leads_of(connection, &keys).await?;
    let mut lead = match (&phone, named.first()) {
        (Some(phone), None) => match store::lock_by_phone(connection, phone).await? {
            Some(lead) => lead,
            // Until this message their number was a key of a lead of somebody else.
            None => match create(connection, contact, (new, now)).await? {
                Some(found) => return Ok(found),
                None => store::lock_by_phone(connection, phone)
                    .await?
                    .ok_or(Error::NotFound { what: "lead" })?,
            },
        },
        (_, Some(id)) => store::lock_by_id(connection, *id).await?,
        (None, None) => identities::create_nameless(connection, contact, now).await?,
    };
    let by_phone = match &phone {
        Some(phone) if lead.phone.as_ref() != Some(phone) => {
            store::id_by_phone(connection, phone).await?
        }
        _ => None,
    };
    let mut others = named.iter().copied().chain(by_phone);
    let other = others.find(|other| *other != lead.id);
    identities::link_lead(connection, &keys, lead.id, now).await?;
    let mut learnt = false;
    if lead.phone.is_none() && other.is_none() && phone.is_some() {
        lead.phone.clone_from(&phone);
        learnt = true;
    }
    for (known, told) in [
        (&mut lead.name, &contact.name),
        (&mut lead.source_ads, &contact.source_ads),
        (&mut lead.project, &contact.project),
        (&mut lead.area, &contact.area),
    ] {
        if known.is_none() && told.is_some() {
            known.clone_from(told);
            learnt = true;
        }
    }
    if learnt {
        store::update_known(connection, &lead, now).await?;
    }
    Ok(Found {
        lead,
        other,
        created_at: None,
    })
}

/// Creates the leads of these people with this status, each as of the time beside it, and adds their keys. Leaves out whom a lead has
/// already, and who has no number. They must have different addresses.
pub async fn create_absent(
    connection: &mut PgConnection,
    people: &[(&Contact, DateTime<Utc>)],
    status: LeadStatus,
) -> Result<Vec<NewLead>> {
    let numbered = people.iter().filter_map(|(contact, at)| {
        let keys = identities::keys_of(contact);
        let phone = keys.iter().find_map(Address::phone)?;
        Some((phone, *contact, *at))
    });
    let numbered: Vec<_> = numbered.collect();
    if numbered.is_empty() {
        return Ok(Vec::new());
    }
    let mut created = creation::insert_absent(connection, &numbered, status).await?;
    let leads: HashMap<Phone, LeadId> = created
        .iter()
        .filter_map(|new| Some((new.lead.phone.clone()?, new.lead.id)))
        .collect();
    let keys = numbered.iter().filter_map(|(phone, contact, at)| {
        let lead = leads.get(phone)?;
        let keys = identities::keys_of(contact).into_iter();
        Some(keys.map(|key| (key, *lead, *at)))
    });
    let keys: Vec<_> = keys.flatten().collect();
    // A key of somebody whose message is handled at this moment is waited for, so the clock is read again.
    if let Some(clock) = identities::link_leads(connection, &keys).await? {
        for new in &mut created {
            new.clock = clock;
        }
    }
    Ok(created)
}

/// Creates the lead of a person with a number. Returns `None` if a lead has one of their keys.
async fn create(
    connection: &mut PgConnection,
    contact: &Contact,
    (status, now): (LeadStatus, DateTime<Utc>),
) -> Result<Option<Found>> {
    let created = create_absent(connection, &[(contact, now)], status).await?;
    Ok(created.into_iter().next().map(|new| Found {
        lead: new.lead,
        other: None,
        created_at: Some(new.clock),
    }))
}

/// The lead of this person, if there is one.
pub async fn find(connection: &mut PgConnection, contact: &Contact) -> Result<Option<LeadId>> {
    let keys = identities::keys_of(contact);
    if let Some(lead) = identities::leads_of(connection, &keys).await?.first() {
        return Ok(Some(*lead));
    }
    match keys.iter().find_map(Address::phone) {
        Some(phone) => store::id_by_phone(connection, &phone).await,
        None => Ok(None),
    }
}
