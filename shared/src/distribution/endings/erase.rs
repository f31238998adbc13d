//! Ending what is under way for a client whose data are erased.

use super::stop::end_cycles;
use super::withdraw::{WithdrawReason, recall};
use crate::Result;
use crate::address::Address;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::store;
use crate::id::UserId;
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::leads::{self, Lead, LeadProgress, LeadStatus, Person};
use crate::sales;
use crate::texts::Text;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, OutboundKind};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// To whom a person's enquiries were offered, as JSON.
pub(crate) async fn person_rows(connection: &mut PgConnection, person: &Person) -> Result<Value> {
    store::person_rows(connection, person).await
}

/// Deletes what the person wrote and nobody handled yet, so that neither it nor a second delivery of it brings them back, and what
/// names them in such messages of others. A message that is being handled is finished first. Returns how many were deleted.
pub(crate) async fn forget_received(
    connection: &mut PgConnection,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<u64> {
    let deleted = store::delete_received(connection, &person.address_texts(), now).await?;
    store::erase_received(connection, person).await?;
    Ok(deleted)
}

/// Withdraws a lead's offers, ends its cycle and closes it. A lead that is sold, lost or hangus stays as it is. The lead must be
/// locked. Returns the agents who must be told: those who had an open offer, and the owner.
pub(crate) async fn stop_for_erasure(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
) -> Result<BTreeSet<UserId>> {
    let reason = WithdrawReason::Erased.as_str();
    let mut told: BTreeSet<UserId> = lead.owner.iter().cloned().collect();
    for offer in store::withdraw_open(work.connection, lead.id, reason, work.now).await? {
        let event = Event::new(EventKind::Withdrawn)
            .of(lead.id, offer.cycle)
            .to(offer.attempt, &offer.sales_id)
            .with(json!({ "reason": reason }));
        store::log(work, &[event]).await?;
        recall(work, &offer, reason).await?;
        told.insert(offer.sales_id);
    }
    end_cycles(work, lead, WithdrawReason::Erased).await?;
    let is_over = match lead.status {
        LeadStatus::New | LeadStatus::Distributing => false,
        LeadStatus::Claimed => matches!(lead.progress, LeadProgress::Won | LeadProgress::Lost),
        LeadStatus::Hangus | LeadStatus::Closed => true,
    };
    if !is_over {
        leads::close_quietly(work.connection, lead.id, work.now).await?;
        // An agent with a cap can be available now.
        enqueue(work.connection, &ReleaseHeldLeads { queue: None }, work.now).await?;
    }
    Ok(told)
}

/// Asks agents to delete an erased client from their phones. The message names the client by the last digits of the number only.
pub(crate) async fn tell_erased(
    work: &mut UnitOfWork<'_>,
    agents: &BTreeSet<UserId>,
    person: &Person,
) -> Result<()> {
    let digits = person.addresses.iter().find_map(Address::phone);
    let ending = digits.map_or_else(
        || "-".to_owned(),
        |phone| phone.digits()[phone.digits().len() - 3..].to_owned(),
    );
    let body = work
        .app
        .texts
        .render(Text::ClientErased, &[("ending", &ending)]);
    for agent in agents {
        let agent = sales::by_id(work.connection, agent).await?;
        let Some(to) = agent.phone.as_ref().filter(|_| !agent.disabled) else {
            continue;
        };
        let draft = Draft::new(OutboundKind::LeadStopped, to, body.clone());
        whatsapp::queue_message(work, &draft).await?;
    }
    Ok(())
}
