//! An admin puts a lead into distribution: one that was held as suspect, or is new, hangus or closed.

use crate::auth::User;
use crate::distribution::model::Trigger;
use crate::distribution::offers::cycle;
use crate::id::LeadId;
use crate::leads::{self, LeadStatus, Mark};
use crate::sales::Origin;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Error, Result};

/// Starts a cycle for a lead. A mark as suspect is removed.
///
/// Fails with the conflicts `lead_claimed`, `already_distributing` and `lead_erased`.
pub async fn distribute(app: &App, by: &User, id: LeadId) -> Result<()> {
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    let lead = leads::lock(&mut transaction, id).await?;
    leads::refuse_erased(&mut transaction, id).await?;
    match lead.status {
        LeadStatus::Claimed => {
            return Err(Error::Conflict {
                code: "lead_claimed",
            });
        }
        LeadStatus::Distributing => {
            return Err(Error::Conflict {
                code: "already_distributing",
            });
        }
        LeadStatus::New | LeadStatus::Hangus | LeadStatus::Closed => {}
    }
    let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Admin).await?;
    if lead.mark == Some(Mark::Suspect) {
        leads::clear_suspect(work.connection, id).await?;
    }
    let origin = Origin {
        project: lead.project.clone(),
        campaign: None,
        source: lead.source_ads.clone(),
        words: None,
    };
    cycle::start(&mut work, &lead, &origin, Trigger::Admin).await?;
    transaction.commit().await?;
    tracing::info!(lead = %id, by = %by.id, "distribution.put_back");
    Ok(())
}
