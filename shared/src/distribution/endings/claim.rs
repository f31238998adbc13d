//! The claim: an agent's OK takes the lead.

use super::withdraw::{WithdrawReason, withdraw_open_offers};
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::{AttemptStatus, CycleStatus, Offer, Round};
use crate::distribution::{policy, store};
use crate::leads::{self, Lead};
use crate::sales;
use crate::unit_of_work::UnitOfWork;
use crate::{Result, appointments};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What became of an OK.
pub(crate) enum Claim {
    /// The agent owns the lead.
    Won,
    /// The agent has already claimed this lead.
    AlreadyTheirs,
    /// The offer was withdrawn.
    Withdrawn(Offer),
    /// The OK came too late.
    Late(Offer),
    /// The agent's user is disabled.
    Disabled(Offer),
}

/// Locks everything that an offer's end changes, in the order lead, cycle, attempt.
pub(crate) async fn lock(connection: &mut PgConnection, offer: &Offer) -> Result<Lead> {
    let lead = leads::lock(connection, offer.lead).await?;
    store::lock_cycle_and_attempt(connection, offer).await?;
    Ok(lead)
}

/// Gives the lead to the agent if the offer is open and `time`, the time of the OK, is before the
/// deadline, or the provider is frozen, and the agent is not disabled (see `store::accept`). The offer must be locked by [`lock`].
///
/// The check is one conditional update of the locked row. The roll also updates this row only if it is
/// open, so at most one of them ends the offer. If the roll came first although the OK was in time,
/// because the message was handled late, the agent can still get the lead
/// (`claim_after_timeout`).
pub(crate) async fn claim(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    offer: &Offer,
    time: DateTime<Utc>,
) -> Result<Claim> {
    if store::accept(work, offer.attempt, time).await? {
        let accepted = CycleStatus::Accepted;
        store::close_cycle(work.connection, offer.cycle, accepted, work.now).await?;
        if offer.round == Round::LastRound {
            let winner = sales::by_id(work.connection, &offer.sales_id).await?;
            withdraw_open_offers(work, lead, &winner.name, WithdrawReason::Quicker).await?;
        }
        set_owner(work, offer, time, EventKind::Accepted).await?;
        return Ok(Claim::Won);
    }
    // Not accepted: the offer has ended, or the OK came after its deadline.
    let current = store::offer(work.connection, offer.attempt).await?;
    let offer = current.unwrap_or_else(|| offer.clone());
    let can_be_disabled = matches!(offer.status, AttemptStatus::Open | AttemptStatus::TimedOut);
    if can_be_disabled
        && sales::by_id(work.connection, &offer.sales_id)
            .await?
            .disabled
    {
        return Ok(Claim::Disabled(offer));
    }
    match offer.status {
        AttemptStatus::Accepted | AttemptStatus::Assigned => Ok(Claim::AlreadyTheirs),
        AttemptStatus::Withdrawn => Ok(Claim::Withdrawn(offer)),
        AttemptStatus::TimedOut if claim_after_timeout(work, lead, &offer, time).await? => {
            set_owner(work, &offer, time, EventKind::ClaimedAfterTimeout).await?;
            Ok(Claim::Won)
        }
        _ => Ok(Claim::Late(offer)),
    }
}

async fn set_owner(
    work: &mut UnitOfWork<'_>,
    offer: &Offer,
    time: DateTime<Utc>,
    kind: EventKind,
) -> Result<()> {
    leads::set_claimed(work.connection, offer.lead, &offer.sales_id, work.now).await?;
    appointments::follow_owner(work, offer.lead, &offer.sales_id).await?;
    let lateness = time - offer.ack_deadline_at;
    let won = Event::new(kind).on(offer).late_by(lateness);
    store::log(work, &[won]).await
}

/// Claims a lead with an OK that was in time but was handled after the roll. The agent who has the
/// offer now is notified that it is withdrawn.
///
/// Returns `false` if an agent owns the lead, or if the cycle is neither open, nor held, nor hangus for
/// less than ten minutes.
async fn claim_after_timeout(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    offer: &Offer,
    time: DateTime<Utc>,
) -> Result<bool> {
    let hangus_after = work.now - policy::HANGUS_GRACE;
    if lead.owner.is_some()
        || !store::accept_after_roll(work, offer.attempt, time, hangus_after).await?
    {
        return Ok(false);
    }
    let winner = sales::by_id(work.connection, &offer.sales_id).await?;
    withdraw_open_offers(work, lead, &winner.name, WithdrawReason::EarlierOk).await?;
    // The client may have written again after hangus, which started another cycle. It ends here.
    let cancelled = store::end_cycles(work.connection, offer.lead, offer.cycle, work.now).await?;
    for cycle in cancelled {
        let event = Event::new(EventKind::Cancelled).of(offer.lead, cycle);
        store::log(work, &[event]).await?;
    }
    tracing::info!(lead = %offer.lead, attempt = %offer.attempt, "distribution.claimed_after_timeout");
    Ok(true)
}
