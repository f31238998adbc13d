//! Giving back a turn: an agent is charged only for an offer that could reach them.

use crate::Result;
use crate::distribution::model::Round;
use crate::distribution::store;
use crate::distribution::turn;
use crate::id::{CycleId, UserId};
use crate::unit_of_work::UnitOfWork;

/// Reverses what the decision for this offer did to the credits of the queue. Does nothing for a queue
/// with a fixed order, for a last round, and for an offer to the client's former agent, because none of
/// these is charged. The offer must be locked.
pub(crate) async fn give_back(
    work: &mut UnitOfWork<'_>,
    cycle: CycleId,
    round: Round,
    agent: &UserId,
) -> Result<()> {
    if round != Round::Turn {
        return Ok(());
    }
    let input = store::decision_input(work.connection, cycle, 0, work.now).await?;
    let credits = turn::give_back(&input.rules, &input.contenders, agent);
    if let Some(queue) = input.queue.filter(|_| !credits.is_empty()) {
        store::set_credits(work.connection, queue, &credits).await?;
    }
    Ok(())
}
