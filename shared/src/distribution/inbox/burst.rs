//! Bursts: forms that repeat their predecessors are held for a person.
//!
//! A campaign brings many leads at once, each with a name and a number of its own. A script brings one name, or numbers
//! that differ in the last figures only.

use crate::Result;
use crate::distribution::model::Ad;
use crate::distribution::offers::alert;
use crate::distribution::store;
use crate::leads::{self, Lead, LeadStatus, Mark};
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use chrono::TimeDelta;

/// How far back forms are compared.
const WITHIN: TimeDelta = TimeDelta::minutes(10);
/// For how long after an alert about a source no further one is sent.
const QUIET: TimeDelta = TimeDelta::hours(1);

/// Holds the new lead of a form if it repeats at least `DISTRIBUTION_BURST_FORMS` leads of its source: it is marked as
/// suspect, and the managers are told once an hour. A further form of a suspect stays held, too. Returns whether it is
/// held.
pub(super) async fn hold_if_suspect(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    ad: &Ad,
    is_new: bool,
) -> Result<bool> {
    if lead.mark == Some(Mark::Suspect) && lead.status == LeadStatus::New {
        return Ok(true);
    }
    let limit = i64::from(work.app.distribution.burst_forms);
    if limit == 0 || !is_new {
        return Ok(false);
    }
    let since = work.now - WITHIN;
    if store::similar_leads(work.connection, lead, since).await? < limit {
        return Ok(false);
    }
    let is_first = !store::has_suspect_since(work.connection, lead, work.now - QUIET).await?;
    leads::set_suspect(work.connection, lead.id, work.now).await?;
    tracing::warn!(lead = %lead.id, "distribution.suspect: the form repeats its predecessors");
    if is_first {
        let values = [("source", ad.source_ads.as_deref().unwrap_or("-"))];
        let body = work.app.texts.render(Text::ManagerBurst, &values);
        alert::warn_managers(work, &body).await?;
    }
    Ok(true)
}
