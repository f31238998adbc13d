//! Releasing held leads: an agent is available again.
//!
//! The held leads of a queue are a line. A look at the line asks who is available, releases the oldest
//! lead that somebody can be asked about, and sets the next look one stagger later. If nobody can be
//! asked, the next look is when the next agent is back, and at most `DISTRIBUTION_POLL_MS` later, so that
//! a freed capacity, an edit with psql or a job that was lost is noticed too. The time of the next look is
//! a column. A job comes at that time, and the sweep looks if no job did.

use super::alert::{self, Alert};
use super::cycle::{self, OfferResult};
use crate::availability::{self, DutyStatus};
use crate::distribution::event::{Event, EventKind};
use crate::distribution::store::{self, Line, Returns};
use crate::id::{CycleId, QueueId, UserId};
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::sales;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// How many leads one look releases at most, if the queue has no stagger.
const MAX_RELEASED: usize = 50;
/// How many leads one look skips at most because they are held again, for example by a cap.
const MAX_SKIPPED: usize = 20;
/// How many leads, whose known return is lost, one look tells the managers about at most.
const MAX_TOLD: usize = 10;
/// When a line is looked at again whose resume times are not all written.
const CONTINUE_AFTER: TimeDelta = TimeDelta::seconds(1);

/// Something about the agents has changed: looks at every line now. Returns how many leads were released.
pub async fn reconsider_held(app: &App) -> Result<usize> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::look_now(&mut connection, now).await?;
    for line in store::lines(&mut connection).await? {
        if line.look_at > now {
            let queue = Some(line.queue);
            enqueue(&mut connection, &ReleaseHeldLeads { queue }, line.look_at).await?;
        }
    }
    drop(connection);
    look_at_lines(app, None, Cause::Admin).await
}

/// Looks at the line of one queue, if its time has come. Safe at any time and any number of times.
pub async fn release_held_of(app: &App, queue: QueueId) -> Result<usize> {
    look_at_lines(app, Some(queue), Cause::Alarm).await
}

/// Looks at each line whose time has come. Returns how many leads were released.
pub async fn release_held(app: &App) -> Result<usize> {
    look_at_lines(app, None, Cause::Sweep).await
}

async fn look_at_lines(app: &App, only: Option<QueueId>, cause: Cause) -> Result<usize> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let mut due = store::lines(&mut connection).await?;
    due.retain(|line| line.look_at <= now && only.is_none_or(|queue| queue == line.queue));
    if due.is_empty() {
        return Ok(0);
    }
    let standing = Standing::read(&mut connection, now).await?;
    drop(connection);
    let mut released = 0;
    for line in due {
        released += look(app, line, &standing, cause).await?;
    }
    Ok(released)
}

/// Who can be asked now, and who later.
pub(crate) struct Standing {
    pub(crate) available: Vec<UserId>,
    /// All whose return is known: those who are available, and those who come back.
    pub(crate) known: Vec<UserId>,
    /// For each of `known`, the instant from which they can be asked.
    from: Vec<DateTime<Utc>>,
    /// A hash of all of this.
    hash: String,
}

impl Standing {
    pub(crate) async fn read(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Self> {
        let everybody = store::everybody_who_can_be_asked(connection).await?;
        let recorded = availability::duty_statuses(connection, &everybody, now).await?;
        let mut standing = Self {
            available: Vec::new(),
            known: Vec::new(),
            from: Vec::new(),
            hash: String::new(),
        };
        let mut everybody = everybody;
        everybody.sort_unstable();
        let mut hash = Sha256::new();
        for agent in everybody {
            let from = match recorded.get(&agent) {
                None | Some(DutyStatus::OnDuty) => {
                    standing.available.push(agent.clone());
                    hash.update(format!("{agent} now\n"));
                    now
                }
                Some(DutyStatus::Away { until: None, .. }) => continue,
                Some(DutyStatus::Away {
                    until: Some(until), ..
                }) => {
                    hash.update(format!("{agent} {until}\n"));
                    *until
                }
            };
            standing.known.push(agent);
            standing.from.push(from);
        }
        standing.hash = hex::encode(hash.finalize());
        Ok(standing)
    }

    /// The next instant after `now` at which somebody is back.
    fn next_return(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.from.iter().copied().filter(|from| *from > now).min()
    }
}

/// What became of a lead that was to be released.
enum Released {
    /// It was offered, or nobody was left and it is hangus.
    Yes,
    /// It is held again.
    HeldAgain,
    /// Another process looks at this line.
    Busy,
}

/// Looks at one line. Returns how many leads were released.
async fn look(app: &App, line: Line, standing: &Standing, cause: Cause) -> Result<usize> {
    let mut released = 0;
    let mut skipped = Vec::new();
    while released < MAX_RELEASED && skipped.len() < MAX_SKIPPED {
        let mut connection = app.pool.acquire().await?;
        let (available, known) = (&standing.available, &standing.known);
        let next =
            store::next_to_release(&mut connection, line.queue, available, known, &skipped).await?;
        drop(connection);
        let Some(cycle) = next else { break };
        match release(app, &line, cycle, cause).await? {
            Released::Yes => released += 1,
            Released::HeldAgain => skipped.push(cycle),
            Released::Busy => return Ok(released),
        }
        if released > 0 && line.stagger > TimeDelta::zero() {
            break;
        }
    }
    plan_next_look(app, line, standing, (released > 0, cause)).await?;
    Ok(released)
}

/// Releases one lead: offers it, and moves the next look one stagger on, in one transaction.
async fn release(app: &App, line: &Line, cycle: CycleId, cause: Cause) -> Result<Released> {
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    let Some(held) = store::lock_held_cycle(&mut transaction, cycle).await? else {
        transaction.rollback().await?;
        return Ok(Released::HeldAgain);
    };
    let mut work = UnitOfWork::start(&app, &mut transaction, cause).await?;
    if !held.somebody_was_asked {
        // The cycle also gets the agents who got a place in the queue since it started.
        let queue = store::queue_to_wait_for(work.connection, line.queue).await?;
        let places = sales::active_queue(work.connection, queue).await?;
        store::insert_members(work.connection, cycle, &places).await?;
    }
    store::open_held_cycle(work.connection, cycle).await?;
    let released = Event::new(EventKind::Released).of(held.lead, cycle);
    store::log(&mut work, &[released]).await?;
    let result = cycle::offer_next(&mut work, held.lead, cycle).await?;
    if matches!(result, OfferResult::Held) {
        // Nothing changed, so nothing is logged.
        transaction.rollback().await?;
        return Ok(Released::HeldAgain);
    }
    let (now, next) = (work.now, work.now + line.stagger);
    if !store::pass_line_on(work.connection, line.queue, now, next).await? {
        transaction.rollback().await?;
        return Ok(Released::Busy);
    }
    transaction.commit().await?;
    tracing::info!(lead = %held.lead, %cycle, "distribution.released");
    Ok(Released::Yes)
}

/// Writes the resume times if somebody's standing has changed, tells the managers of leads without a known return, and sets the next
/// look with its job.
async fn plan_next_look(
    app: &App,
    line: Line,
    standing: &Standing,
    (released, cause): (bool, Cause),
) -> Result<()> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let Some(line) = store::lock_line(&mut transaction, line.queue).await? else {
        return Ok(());
    };
    // After a release the next look has been set, one stagger later.
    let next_release = if released { line.look_at } else { now };
    let (mut all_written, mut lost) = (true, Vec::new());
    if line.standing.as_deref() != Some(&standing.hash) {
        let from: Vec<DateTime<Utc>> = standing
            .from
            .iter()
            .map(|from| (*from).max(next_release))
            .collect();
        let returns = Returns {
            agents: &standing.known,
            from: &from,
        };
        let written = store::write_resume_times(&mut transaction, &line, &returns).await?;
        (all_written, lost) = (written.all, written.without_return);
    }
    if !lost.is_empty() {
        let mut work = UnitOfWork::at(app, &mut transaction, now, cause);
        for (lead, cycle) in lost.into_iter().take(MAX_TOLD) {
            alert::notify_managers(&mut work, lead, cycle, Alert::Held).await?;
        }
    }
    let poll = now + app.distribution.poll;
    let back = standing.next_return(now);
    let next = match (released, all_written) {
        (true, _) => line.look_at,
        (false, true) => back.map_or(poll, |back| back.min(poll)),
        (false, false) => now + CONTINUE_AFTER,
    };
    let hash = all_written.then_some(&*standing.hash);
    store::set_look(&mut transaction, &line, hash, next).await?;
    let job = ReleaseHeldLeads {
        queue: Some(line.queue),
    };
    if released || !all_written {
        enqueue(&mut transaction, &job, next).await?;
    } else if let Some(back) = back {
        enqueue(&mut transaction, &job, back).await?;
    }
    Ok(transaction.commit().await?)
}

/// Looks at the line of a held cycle's queue now, because nothing else would. For the audit.
pub(crate) async fn look_at_neglected(app: &App, cycle: CycleId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let Some(queue) = store::queue_of_held(&mut connection, cycle).await? else {
        return Ok(());
    };
    let now = app.clock.now(&mut connection).await?;
    store::mend_line(&mut connection, queue, now).await?;
    drop(connection);
    look_at_lines(app, Some(queue), Cause::Audit).await?;
    Ok(())
}
