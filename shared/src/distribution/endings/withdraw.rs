//! Withdrawing offers: another agent owns the lead, the lead was stopped, merged or erased, or the agent was disabled.

use crate::Result;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::offers::ended_text::withdrawn_text;
use crate::distribution::offers::turns;
use crate::distribution::store::{self, WithdrawnOffer};
use crate::id::{AttemptId, CycleId};
use crate::leads::Lead;
use crate::sales::{self, Agent};
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp::{self, Draft, OutboundKind};
use serde_json::json;

/// Why an offer is withdrawn from its agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithdrawReason {
    /// An earlier agent's OK was in time but was handled after the roll.
    EarlierOk,
    /// Another agent answered first in the last round.
    Quicker,
    /// An admin or manager assigned the lead.
    ByHand,
    /// The lead was merged with another lead of the same person.
    Merged,
    /// The agent's user was disabled.
    Disabled,
    /// An admin stopped the lead.
    Stopped,
    /// An admin marked the lead as a test.
    Test,
    /// An admin marked the lead as junk.
    Junk,
    /// The client wants no messages.
    OptedOut,
    /// The client's data are erased.
    Erased,
}

impl WithdrawReason {
    /// The name in the database: the attempt's `reason`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::EarlierOk => "earlier_ok",
            Self::Quicker => "quicker_ok",
            Self::ByHand => "assigned",
            Self::Merged => "merged",
            Self::Disabled => "disabled",
            Self::Stopped => "stopped",
            Self::Test => "test",
            Self::Junk => "junk",
            Self::OptedOut => "opted_out",
            Self::Erased => "erased",
        }
    }
}

/// What a notice to an agent is about.
pub(crate) struct Notice<'a> {
    pub(crate) lead: &'a Lead,
    pub(crate) agent: &'a Agent,
    pub(crate) kind: OutboundKind,
    pub(crate) cycle: CycleId,
    pub(crate) attempt: Option<AttemptId>,
}

/// Withdraws the lead's open offers and tells the agents whose offers were already sent. Those whose offers were not are not
/// charged. `owner` is the name of the agent who owns the lead now; empty if there is none. The lead must be locked.
pub(crate) async fn withdraw_open_offers(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    owner: &str,
    why: WithdrawReason,
) -> Result<()> {
    let reason = why.as_str();
    let withdrawn = store::withdraw_open(work.connection, lead.id, reason, work.now).await?;
    for offer in withdrawn {
        let event = Event::new(EventKind::Withdrawn)
            .of(lead.id, offer.cycle)
            .to(offer.attempt, &offer.sales_id)
            .with(json!({ "reason": reason }));
        store::log(work, &[event]).await?;
        recall(work, &offer, reason).await?;
        if !whatsapp::offer_was_written(work.connection, offer.attempt).await? {
            continue;
        }
        let agent = sales::by_id(work.connection, &offer.sales_id).await?;
        let body = withdrawn_text(work.app, lead, Some(owner), Some(reason));
        let notice = Notice {
            lead,
            agent: &agent,
            kind: OutboundKind::Withdrawn,
            cycle: offer.cycle,
            attempt: Some(offer.attempt),
        };
        notify(work, &notice, body).await?;
    }
    Ok(())
}

/// Takes a withdrawn offer back that the provider has not accepted: its message leaves no more, and the agent gets their turn back.
/// If a call for it was under way, the agent is told when the provider accepts it.
pub(super) async fn recall(
    work: &mut UnitOfWork<'_>,
    offer: &WithdrawnOffer,
    reason: &str,
) -> Result<()> {
    if offer.accepted {
        return Ok(());
    }
    whatsapp::recall_offer(work.connection, offer.attempt, reason).await?;
    turns::give_back(work, offer.cycle, offer.round, &offer.sales_id).await
}

/// Queues a notice to an agent. An agent without a number is only logged.
pub(crate) async fn notify(
    work: &mut UnitOfWork<'_>,
    notice: &Notice<'_>,
    body: String,
) -> Result<()> {
    let Some(to) = &notice.agent.phone else {
        tracing::warn!(lead = %notice.lead.id, sales = %notice.agent.id, "whatsapp.unreachable: the agent has no number");
        return Ok(());
    };
    let draft = Draft::new(notice.kind, to, body)
        .lead(notice.lead.id)
        .cycle(notice.cycle)
        .attempt(notice.attempt);
    whatsapp::queue_message(work, &draft).await?;
    Ok(())
}
