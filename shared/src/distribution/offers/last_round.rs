//! The last round ("rebutan"): every agent was asked in turn and none answered, so all are asked at
//! once and the first OK wins. A queue has a last round only if an admin switches it on.

use super::jobs::jobs_of_offer;
use crate::Result;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::Opened;
use crate::distribution::store::{self, DecisionInput, NewAttempt};
use crate::distribution::turn;
use crate::id::{AttemptId, CycleId, LeadId};
use crate::jobs::enqueue_all;
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
    let new: Vec<NewAttempt<'_>> = asked
        .iter()
        .map(|index| NewAttempt::open(AttemptId::new(), &input.contenders[*index]))
        .collect();
    let Some(first) = new.first() else {
        return Ok(None);
    };
    let (now, deadline) = (work.now, work.deadline_of_an_offer());
    store::begin_last_round(work.connection, cycle, now).await?;
    let round = "last_round";
    let last = store::insert_attempts(work.connection, cycle, &new, round, (now, deadline)).await?;
    let everybody: Vec<_> = new.iter().map(|one| &one.contender.sales_id).collect();
    let begun = Event::new(EventKind::LastRound)
        .of(lead, cycle)
        .with(json!({ "eligible": everybody }));
    let mut events = vec![begun];
    let mut jobs = Vec::with_capacity(new.len() * 2);
    for one in &new {
        let offered = Event::new(EventKind::Offered)
            .of(lead, cycle)
            .to(one.id, &one.contender.sales_id)
            .with(json!({ "rule": round }));
        events.push(offered);
        jobs.extend(jobs_of_offer(one.id, now, deadline)?);
    }
    store::log(work, &events).await?;
    enqueue_all(work.connection, &jobs, work.app.announce).await?;
    Ok(Some(Opened {
        attempt: first.id,
        sales_id: first.contender.sales_id.clone(),
        position: last + 1 - i32::try_from(new.len()).unwrap_or(1),
        ack_deadline_at: deadline,
    }))
}
