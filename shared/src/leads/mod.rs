//! People who asked about a property: one lead a person, found by their number.
//!
//! These operations run inside the caller's transaction. Distribution decides what follows from an enquiry.

mod erasure;
mod identities;
mod merges;
mod model;
mod person;
mod store;

pub use merges::Merge;
pub use model::{
    Click, Contact, Enquiry, EnquiryKind, Lead, LeadProgress, LeadStatus, Mark, name_or_unknown,
};

pub use person::{Candidates, ERASED, Person};

use crate::address::Address;
use crate::id::{LeadId, UserId};
use crate::phone::Phone;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

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
    if let Some(phone) = &phone
        && let Some(found) = create(connection, (phone, &keys), contact, (new, now)).await?
    {
        return Ok(found);
    }
    let named = identities::leads_of(connection, &keys).await?;
    let mut lead = match (&phone, named.first()) {
        (Some(phone), None) => match store::lock_by_phone(connection, phone).await? {
            Some(lead) => lead,
            // Until this message their number was a key of a lead of somebody else.
            None => match create(connection, (phone, &keys), contact, (new, now)).await? {
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

/// Creates the lead of a person with a number, and adds their keys to it. Returns `None` if a lead has one of them.
async fn create(
    connection: &mut PgConnection,
    (phone, keys): (&Phone, &[Address]),
    contact: &Contact,
    (status, now): (LeadStatus, DateTime<Utc>),
) -> Result<Option<Found>> {
    let created =
        store::insert_if_absent(connection, (phone, keys), contact, (status, now)).await?;
    let Some((lead, created_at)) = created else {
        return Ok(None);
    };
    // A key of somebody whose message is handled at this moment is waited for.
    let waited = identities::link_lead(connection, keys, lead.id, now).await?;
    Ok(Some(Found {
        lead,
        other: None,
        created_at: Some(waited.unwrap_or(created_at)),
    }))
}

/// Writes the name, ad and project of a lead that a person corrected.
pub async fn correct(connection: &mut PgConnection, lead: &Lead, now: DateTime<Utc>) -> Result<()> {
    store::update_known(connection, lead, now).await
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

/// Closes a lead whatever its status, with a mark if there is one, and records both for its history. Its open cycle
/// must have been ended.
pub async fn close(
    connection: &mut PgConnection,
    lead: &Lead,
    mark: Option<Mark>,
    by: &UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    store::close(connection, lead, mark, by, now).await
}

/// As [`close`], by nobody of the office.
pub async fn close_quietly(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    store::close_quietly(connection, id, now).await
}

/// Records who entered a lead by hand, with their note.
pub async fn record_created(
    connection: &mut PgConnection,
    id: LeadId,
    by: &UserId,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    store::record_created(connection, id, by, note, now).await
}

/// Holds a new lead as suspect: it is not distributed.
pub(crate) async fn set_suspect(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    store::set_suspect(connection, id, now).await
}

/// Removes the mark of a lead that was held as suspect.
pub(crate) async fn clear_suspect(connection: &mut PgConnection, id: LeadId) -> Result<()> {
    store::clear_suspect(connection, id).await
}

/// Sets the progress of a claimed lead after a visit, if it is one of these now, and records the change.
pub(crate) async fn follow_visit(
    connection: &mut PgConnection,
    id: LeadId,
    by: &UserId,
    (progress, from): (LeadProgress, &[LeadProgress]),
    now: DateTime<Utc>,
) -> Result<()> {
    store::follow_visit(connection, id, by, (progress, from), now).await
}

/// Moves everything of the lead `lose` to `keep`: enquiries, cycles, messages, changes, keys, and the
/// fields that `keep` has not. The caller has locked both, and `lose` has no open cycle.
pub async fn absorb(
    connection: &mut PgConnection,
    keep: LeadId,
    lose: LeadId,
    now: DateTime<Utc>,
) -> Result<Lead> {
    merges::absorb(connection, keep, lose, now).await?;
    store::by_id(connection, keep).await
}

/// The merges into a lead since an instant that were not undone, the latest first.
pub(crate) async fn merges_into(
    connection: &mut PgConnection,
    keep: LeadId,
    since: DateTime<Utc>,
) -> Result<Vec<Merge>> {
    merges::merges_into(connection, keep, since).await
}

/// Gives a merged lead back everything that it had, and returns it, locked. The caller has locked the lead that stayed.
pub(crate) async fn undo_merge(
    connection: &mut PgConnection,
    merge: &Merge,
    by: &UserId,
    now: DateTime<Utc>,
) -> Result<Lead> {
    merges::undo(connection, merge, by, now).await
}

/// The lead with this number.
pub async fn by_phone(connection: &mut PgConnection, phone: &Phone) -> Result<Option<LeadId>> {
    store::id_by_phone(connection, phone).await
}

/// Refuses a client's number for an agent: the client's words would count as the agent's, and nobody would hear them.
/// Fails with the conflict `number_of_a_lead`, whose detail names the lead. A lead that is marked as a test or junk does
/// not count.
pub async fn refuse_number_of_a_lead(connection: &mut PgConnection, phone: &Phone) -> Result<()> {
    let Some(lead) = store::id_by_phone(connection, phone).await? else {
        return Ok(());
    };
    match store::by_id(connection, lead).await?.mark {
        Some(Mark::Test | Mark::Junk) => Ok(()),
        Some(Mark::Suspect) | None => Err(Error::Clash {
            code: "number_of_a_lead",
            detail: format!(
                "the lead {lead} has this number: mark it as a test, or correct its number, first"
            ),
        }),
    }
}

/// Changes the lead's number. The old number stays one of its keys.
pub async fn set_phone(
    connection: &mut PgConnection,
    id: LeadId,
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<()> {
    identities::set_phone(connection, id, phone, now).await
}

/// The person who has or had this number. Locks nothing.
pub async fn person_of(connection: &mut PgConnection, phone: &Phone) -> Result<Person> {
    let leads = erasure::by_number(connection, phone).await?;
    erasure::person(connection, leads, Some(phone)).await
}

/// The person of this lead. Locks nothing. Fails with `NotFound`.
pub async fn person_of_lead(connection: &mut PgConnection, lead: LeadId) -> Result<Person> {
    store::by_id(connection, lead).await?;
    erasure::person(connection, vec![lead], None).await
}

/// The person who has or had this number, with their leads locked until the transaction ends.
pub async fn lock_person(connection: &mut PgConnection, phone: &Phone) -> Result<Person> {
    let leads = erasure::lock_by_number(connection, phone).await?;
    erasure::person(connection, leads, Some(phone)).await
}

/// The person of this lead, locked until the transaction ends. Fails with `NotFound`.
pub async fn lock_person_of(connection: &mut PgConnection, lead: LeadId) -> Result<Person> {
    store::lock_by_id(connection, lead).await?;
    erasure::person(connection, vec![lead], None).await
}

/// The rows of a person's leads, enquiries, changes and ids, as JSON by table.
pub async fn person_rows(connection: &mut PgConnection, person: &Person) -> Result<Value> {
    erasure::rows(connection, person).await
}

/// Erases the names, numbers, ids and words of a person's leads. Their distribution must have ended. Returns how many leads.
pub async fn erase_person(
    connection: &mut PgConnection,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<u64> {
    erasure::erase(connection, person, now).await
}

/// At most `most` leads after this one, by their ids, that ended this many days ago and of which nothing was heard since.
pub async fn ended_before(
    connection: &mut PgConnection,
    days: f64,
    after: Option<LeadId>,
    most: i64,
) -> Result<Vec<LeadId>> {
    erasure::ended_before(connection, days, (after, None), most).await
}

/// Whether the lead is one of [`ended_before`]. The caller has locked it.
pub async fn is_ended(connection: &mut PgConnection, id: LeadId, days: f64) -> Result<bool> {
    let ended = erasure::ended_before(connection, days, (None, Some(id)), 1).await?;
    Ok(!ended.is_empty())
}

/// Fails with the conflict `lead_erased` if the lead's client was erased: nobody could be reached.
pub async fn refuse_erased(connection: &mut PgConnection, id: LeadId) -> Result<()> {
    if erasure::is_erased(connection, id).await? {
        return Err(Error::Conflict {
            code: "lead_erased",
        });
    }
    Ok(())
}

/// The lead, locked until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: LeadId) -> Result<Lead> {
    store::lock_by_id(connection, id).await
}

/// The lead, not locked.
pub async fn by_id(connection: &mut PgConnection, id: LeadId) -> Result<Lead> {
    store::by_id(connection, id).await
}

/// The lead of this submitted form, if the form was recorded.
pub async fn by_meta_lead_id(
    connection: &mut PgConnection,
    meta_lead_id: &str,
) -> Result<Option<LeadId>> {
    store::by_meta_lead_id(connection, meta_lead_id).await
}

/// Records an enquiry. Returns `false` if this submitted form was recorded before.
pub async fn record_enquiry(
    connection: &mut PgConnection,
    lead: LeadId,
    enquiry: &Enquiry,
    now: DateTime<Utc>,
) -> Result<bool> {
    store::insert_enquiry(connection, lead, enquiry, now).await
}

/// A cycle starts again: the lead becomes `distributing`, and has no owner and no layer 2 status, which goes into its
/// history. Returns what became of the earlier enquiry: `Ditolak (Harga tidak cocok), Sales A`.
pub async fn set_distributing(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let past = store::past_of(connection, id).await?;
    store::set_distributing(connection, id, now).await?;
    Ok(past)
}

/// Where the client can be reached: their number, else their latest WhatsApp id.
pub async fn address_of(connection: &mut PgConnection, lead: &Lead) -> Result<Option<Address>> {
    match &lead.phone {
        Some(phone) => Ok(Some(phone.into())),
        None => identities::latest_id(connection, lead.id).await,
    }
}

/// An agent claims the lead and becomes its owner.
pub async fn set_claimed(
    connection: &mut PgConnection,
    id: LeadId,
    owner: &UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    store::set_claimed(connection, id, owner, now).await
}

/// No agent took the lead: it becomes `hangus`, and its progress `no-action`.
pub async fn set_hangus(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    store::set_hangus(connection, id, now).await
}
