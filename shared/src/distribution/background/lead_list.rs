//! Entering a list of leads, row by row.

use super::lead_lines::lines_of;
use crate::distribution::inbox::by_hand::{NewLead, enter_quietly};
use crate::id::{LeadId, UserId};
use crate::lead_lists::{self, Entered, ListRow};
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, OutboundKind};
use crate::{App, Error, Result, sales};
use uuid::Uuid;

/// How many rows one job enters.
const BATCH: usize = 100;

/// Enters the next rows of a list, each in its own transaction. Enqueues the next batch, or ends the list and sends each
/// owner one summary. Safe any number of times.
pub async fn enter_list(app: &App, list: Uuid, nth: i32) -> Result<()> {
    for _ in 0..BATCH {
        if !enter_next(app, list).await? {
            return end(app, list).await;
        }
    }
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    lead_lists::enqueue_next(&mut transaction, list, nth + 1, now).await?;
    Ok(transaction.commit().await?)
}

/// Enters one row. Returns `false` if none is left.
async fn enter_next(app: &App, list: Uuid) -> Result<bool> {
    let announcing = app.announcing();
    let mut transaction = announcing.begin().await?;
    let Some((row, by)) = lead_lists::next_ready(&mut transaction, list).await? else {
        return Ok(false);
    };
    let n = row.n;
    let Some(new) = new_lead(row) else {
        return Ok(false);
    };
    let entered = match &by {
        Some(by) => enter_quietly(&announcing, &mut transaction, by, &new).await,
        None => Err(Error::invalid(
            "by",
            "the user who uploaded the list was deleted",
        )),
    };
    let failed = match entered {
        Ok((lead, _)) => {
            lead_lists::set_row(&mut transaction, list, n, &Entered::Lead(lead)).await?;
            transaction.commit().await?;
            return Ok(true);
        }
        Err(Error::LeadExists { lead }) => Entered::Duplicate(lead),
        Err(Error::Invalid { reason, .. }) => Entered::Refused(reason),
        Err(Error::Conflict { code }) => Entered::Refused(code.to_owned()),
        Err(Error::NotFound { what }) => Entered::Refused(format!("no such {what}")),
        Err(error) => return Err(error),
    };
    // What was written of the lead before the row failed is taken back.
    transaction.rollback().await?;
    let mut connection = app.pool.acquire().await?;
    lead_lists::set_row(&mut connection, list, n, &failed).await?;
    Ok(true)
}

fn new_lead(row: ListRow) -> Option<NewLead> {
    Some(NewLead {
        phone: row.phone?,
        name: row.name,
        source: row.source,
        project: row.project,
        owner: row.owner,
        note: row.note,
    })
}

/// Ends the list, and sends each owner one summary of their new leads, in one transaction.
async fn end(app: &App, list: Uuid) -> Result<()> {
    let mut transaction = app.begin().await?;
    let mut work = UnitOfWork::start(app, &mut transaction, Cause::Admin).await?;
    let Some(by) = lead_lists::end(work.connection, list, work.now).await? else {
        return Ok(transaction.rollback().await?);
    };
    for (owner, leads) in lead_lists::entered_by_owner(work.connection, list).await? {
        if by.as_ref() != Some(&owner) {
            tell_owner(&mut work, &owner, &leads).await?;
        }
    }
    transaction.commit().await?;
    tracing::info!(%list, "lead_lists.done");
    Ok(())
}

async fn tell_owner(work: &mut UnitOfWork<'_>, owner: &UserId, leads: &[LeadId]) -> Result<()> {
    let owner = sales::by_id(work.connection, owner).await?;
    let Some(phone) = owner.phone.as_ref().filter(|_| !owner.disabled) else {
        return Ok(());
    };
    let lines = lines_of(work, leads).await?;
    let values = [
        ("count", &*leads.len().to_string()),
        ("leads", lines.as_str()),
    ];
    let body = work.app.texts.render(Text::LeadsEntered, &values);
    let draft = Draft::new(OutboundKind::HandedOver, phone, body);
    whatsapp::queue_message(work, &draft).await?;
    Ok(())
}
