//! People who asked about a property: one lead a person, found again by their number.
//!
//! These operations run inside a caller's transaction; distribution decides what an enquiry leads to.

mod model;
mod store;

pub use model::{Contact, Enquiry, EnquiryKind, Lead, LeadProgress, LeadStatus, name_or_unknown};

use crate::Result;
use crate::id::{LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The lead of this person, made if there is none, and locked until the transaction ends. A name or
/// an ad that was not known before is filled in; what is known stays.
pub async fn find_or_create(
    connection: &mut PgConnection,
    contact: &Contact,
    now: DateTime<Utc>,
) -> Result<Lead> {
    store::insert_if_absent(connection, contact, now).await?;
    let mut lead = store::lock_by_phone(connection, &contact.phone).await?;
    let mut learnt = false;
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
    Ok(lead)
}

/// The lead, locked until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: LeadId) -> Result<Lead> {
    store::lock_by_id(connection, id).await
}

/// The lead as it stands, not locked.
pub async fn by_id(connection: &mut PgConnection, id: LeadId) -> Result<Lead> {
    store::by_id(connection, id).await
}

/// The lead that this ad form was recorded for, if it has been heard of before.
pub async fn by_meta_lead_id(
    connection: &mut PgConnection,
    meta_lead_id: &str,
) -> Result<Option<LeadId>> {
    store::by_meta_lead_id(connection, meta_lead_id).await
}

/// Records that the person asked. `false`: this ad form was recorded before.
pub async fn record_enquiry(
    connection: &mut PgConnection,
    lead: LeadId,
    enquiry: &Enquiry,
    now: DateTime<Utc>,
) -> Result<bool> {
    store::insert_enquiry(connection, lead, enquiry, now).await
}

/// A cycle has begun: the lead is on its way, owned by nobody.
pub async fn set_distributing(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    store::set_distributing(connection, id, now).await
}

/// An agent claimed the lead: it is theirs and locked.
pub async fn set_claimed(
    connection: &mut PgConnection,
    id: LeadId,
    owner: &UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    store::set_claimed(connection, id, owner, now).await
}

/// Nobody answered: the lead is hangus, its progress `no-action`.
pub async fn set_hangus(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    store::set_hangus(connection, id, now).await
}
