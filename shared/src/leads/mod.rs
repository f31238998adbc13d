//! People who asked about a property: one lead a person, found by their number.
//!
//! These operations run inside the caller's transaction. Distribution decides what follows from an enquiry.

mod creation;
mod erasure;
mod find;
mod identities;
mod merges;
mod model;
mod person;
mod store;

pub use find::{Found, create_absent, find, find_or_create};
pub use merges::Merge;
pub use model::{
    Click, Contact, Enquiry, EnquiryKind, Lead, LeadProgress, LeadStatus, Mark, NewLead,
    name_or_unknown,
};

pub use person::{Candidates, ERASED, Person};

use crate::address::Address;
use crate::id::{LeadId, UserId};
use crate::phone::Phone;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

/// Writes the name, ad and project of a lead that a person corrected.
pub async fn correct(connection: &mut PgConnection, lead: &Lead, now: DateTime<Utc>) -> Result<()> {
    store::update_known(connection, lead, now).await
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
    Ok(record_enquiries(connection, &[(lead, enquiry)], now).await? == 1)
}

/// As [`record_enquiry`], for several leads. Returns how many were recorded.
pub async fn record_enquiries(
    connection: &mut PgConnection,
    enquiries: &[(LeadId, &Enquiry)],
    now: DateTime<Utc>,
) -> Result<u64> {
    creation::insert_enquiries(connection, enquiries, now).await
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
