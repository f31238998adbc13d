//! Which leads a user can see and change: an agent their own, an admin all.

use super::model::Entry;
use super::store;
use crate::auth::{Role, User};
use crate::id::LeadId;
use crate::leads::{self, Lead};
use crate::{App, Error, Result};
use sqlx::PgConnection;

/// A lead with its layer 2 status. Fails with `NotFound` if the user cannot see it.
pub async fn entry(app: &App, viewer: &User, id: LeadId) -> Result<Entry> {
    let mut connection = app.pool.acquire().await?;
    let entry = store::entry(&mut connection, id).await?;
    check_may_see(viewer, &entry.lead)?;
    Ok(entry)
}

/// The lead, locked for a change. Fails with `NotFound` if the user cannot see it, and with the conflict `lead_erased`.
pub(super) async fn lock_to_change(
    connection: &mut PgConnection,
    by: &User,
    id: LeadId,
) -> Result<Lead> {
    let lead = leads::lock(connection, id).await?;
    check_may_see(by, &lead)?;
    leads::refuse_erased(connection, id).await?;
    Ok(lead)
}

fn check_may_see(viewer: &User, lead: &Lead) -> Result<()> {
    if viewer.role == Role::Admin || lead.owner.as_ref() == Some(&viewer.id) {
        Ok(())
    } else {
        Err(Error::NotFound { what: "lead" })
    }
}
