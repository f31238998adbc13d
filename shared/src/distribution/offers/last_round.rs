//! The last round ("rebutan"): every agent was asked in turn and none answered, so all are asked at
//! once and the first OK wins. A queue has a last round only if an admin switches it on.

use super::jobs::jobs_of_offer;
use crate::Result;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::{Opened, Round};
use crate::distribution::store::{self, DecisionInput, NewAttempt, NewOffers};
use crate::distribution::turn;
use crate::id::{AttemptId, CycleId, LeadId};
use crate::unit_of_work::UnitOfWork;
use serde_json::json;

/// Offers the lead to every agent who is on duty and has not passed, all with the same deadline.
///
/// Returns the first of these offers. Returns `None` if there is no such agent.
pub(crate) async fn ask_everybody(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    cycle: CycleId,
    input: &DecisionInput,
) -> Result<Option<Opened>> {
    let asked = turn::last_round(&input.contenders);
    let attempts: Vec<NewAttempt> = asked
        .iter()
        .map(|index| NewAttempt::open(AttemptId::new(), cycle, &input.contenders[*index]))
        .collect();
    let Some((first, agent)) = attempts.first().map(|one| (one.id, one.sales_id.clone())) else {
        return Ok(None);
    };
    let (now, deadline) = (work.now, work.deadline_of_an_offer());
    store::begin_last_round(work.connection, cycle, now).await?;
    let everybody: Vec<_> = attempts.iter().map(|one| &one.sales_id).collect();
    let begun = Event::new(EventKind::LastRound)
        .of(lead, cycle)
        .with(json!({ "eligible": everybody }));
    let mut events = vec![begun];
    let mut jobs = Vec::with_capacity(attempts.len() * 2);
    let round = Round::LastRound;
    for one in &attempts {
        let offered = Event::new(EventKind::Offered)
            .of(lead, cycle)
            .to(one.id, &one.sales_id)
            .with(json!({ "rule": round.as_str() }));
        events.push(offered);
        jobs.extend(jobs_of_offer(one.id, now, deadline)?);
    }
    let new = NewOffers {
        attempts,
        round,
        events,
        jobs,
    };
    let positions = store::make_offers(work, &new).await?;
    Ok(Some(Opened {
        attempt: first,
        sales_id: agent,
        position: positions.get(&first).copied().unwrap_or(0),
        ack_deadline_at: deadline,
    }))
}
