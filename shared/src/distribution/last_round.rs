//! "Rebutan": once everybody was asked in turn and nobody answered, all are asked at once, and the
//! first OK wins. Off unless the queue says so.

use super::cycle::jobs_of_offer;
use super::event::{Cause, Event, EventKind};
use super::model::Opened;
use super::store::{self, Board, NewAttempt};
use super::turn;
use crate::id::{AttemptId, CycleId, LeadId};
use crate::jobs::enqueue_all;
use crate::{App, Result};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

/// Asks everybody who is on duty and has not passed, all until the same deadline. Returns the first
/// of these offers; `None` if there is nobody.
pub(super) async fn ask_everybody(
    app: &App,
    connection: &mut PgConnection,
    lead: LeadId,
    cycle: CycleId,
    cause: Cause,
    now: DateTime<Utc>,
    board: &Board,
) -> Result<Option<Opened>> {
    let asked = turn::last_round(&board.contenders);
    let new: Vec<NewAttempt<'_>> = asked
        .iter()
        .map(|index| NewAttempt::open(AttemptId::new(), &board.contenders[*index]))
        .collect();
    let Some(first) = new.first() else {
        return Ok(None);
    };
    let deadline = now + app.distribution.ack_window;
    store::begin_last_round(connection, cycle, now).await?;
    let last = store::insert_attempts(connection, cycle, &new, "last_round", now, deadline).await?;
    let everybody: Vec<_> = new.iter().map(|one| &one.contender.sales_id).collect();
    let begun = Event::new(EventKind::LastRound, cause, now)
        .of(lead, cycle)
        .with(json!({ "eligible": everybody }));
    let mut events = vec![begun];
    let mut jobs = Vec::with_capacity(new.len() * 2);
    for one in &new {
        let offered = Event::new(EventKind::Offered, cause, now);
        let why = json!({ "rule": "last_round" });
        events.push(
            offered
                .of(lead, cycle)
                .to(one.id, &one.contender.sales_id)
                .with(why),
        );
        jobs.extend(jobs_of_offer(one.id, now, deadline)?);
    }
    store::record(app, connection, &events).await?;
    enqueue_all(connection, &jobs, app.announce).await?;
    Ok(Some(Opened {
        attempt: first.id,
        sales_id: first.contender.sales_id.clone(),
        position: last + 1 - i32::try_from(new.len()).unwrap_or(1),
        ack_deadline_at: deadline,
    }))
}
