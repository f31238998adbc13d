//! The board: every lead that is being distributed, with who had it, who has it and who is next.

use super::forecast::Team;
use crate::distribution::model::{Board, BoardLead, BoardRow, BoardSeat};
use crate::distribution::store::{self, BoardLimits};
use crate::id::CycleId;
use crate::{App, Result};
use chrono::TimeDelta;
use std::collections::HashMap;

/// A board shows at most this many leads of each kind.
const LIMITS: BoardLimits = BoardLimits {
    offered: 200,
    held: 100,
    ended: 30,
};

/// Reads the board in one snapshot. A change that a reader of the live feed is told of afterwards may be on it
/// already.
pub async fn board(app: &App) -> Result<Board> {
    let mut transaction = app.begin().await?;
    store::read_one_snapshot(&mut transaction).await?;
    let now = app.clock.now(&mut transaction).await?;
    let since = now - TimeDelta::hours(1);
    let frozen_since = store::frozen_since(&mut transaction, app.provider.name()).await?;
    let last_hour = store::last_hour(&mut transaction, since).await?;
    let leads = store::board_leads(&mut transaction, &LIMITS, since).await?;
    let cycles: Vec<CycleId> = leads.iter().map(|lead| lead.cycle).collect();
    let mut seats: HashMap<CycleId, Vec<BoardSeat>> = HashMap::new();
    for seat in store::board_seats(&mut transaction, &cycles).await? {
        seats.entry(seat.cycle).or_default().push(seat);
    }
    let team = Team::read(app, &mut transaction, &leads, &seats, now).await?;
    transaction.commit().await?;
    let row = |lead: BoardLead| {
        let seats = seats.remove(&lead.cycle).unwrap_or_default();
        let next = team.next(&lead, &seats);
        BoardRow { lead, seats, next }
    };
    let leads = leads.into_iter().map(row).collect();
    Ok(Board {
        now,
        frozen_since,
        leads,
        last_hour,
    })
}
