//! The members of several cycles with their present state, for decisions that are made together.

use super::contenders::{DecisionInput, Row, contenders, input, recorded, statuses_of};
use super::cycles::{NewCycle, NewCycles};
use crate::Result;
use crate::availability::{self, DutyStatus};
use crate::distribution::model::AttemptStatus;
use crate::id::{CycleId, QueueId, UserId};
use crate::strategy::Strategy;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// The contenders of several cycles, as of one moment. The decisions are made one after the other.
pub(crate) struct ManyContenders {
    /// The rows of each cycle.
    cycles: std::vec::IntoIter<(CycleId, Vec<Row>)>,
    statuses: HashMap<UserId, DutyStatus>,
    most_open: u32,
    /// How many open offers more, or fewer, an agent has by the decisions before.
    more: HashMap<UserId, i64>,
}

impl ManyContenders {
    /// The next cycle, and what its decision is based on.
    pub(crate) fn next_cycle(&mut self) -> Option<(CycleId, DecisionInput)> {
        let (cycle, mut rows) = self.cycles.next()?;
        for row in &mut rows {
            row.open += self.more.get(&row.sales_id).copied().unwrap_or(0);
        }
        Some((cycle, input(rows, self.most_open, &self.statuses)))
    }

    /// An offer of the first agent ends, and the second gets one. The cycles that follow count that.
    pub(crate) fn passes(&mut self, from: &UserId, to: &UserId) {
        *self.more.entry(from.clone()).or_default() -= 1;
        self.gets(to);
    }

    /// The agent gets an offer. The cycles that follow count it.
    pub(crate) fn gets(&mut self, agent: &UserId) {
        *self.more.entry(agent.clone()).or_default() += 1;
    }
}

/// Reads the contenders of several cycles, each as [`super::contenders::decision_input`] does. Leaves out cycles whose decisions need a
/// lock: a queue that rotates has credits, and an agent with a cap can get only so many.
pub(crate) async fn many_contenders(
    connection: &mut PgConnection,
    cycles: &[CycleId],
    most_open: u32,
    now: DateTime<Utc>,
) -> Result<ManyContenders> {
    let found = contenders!(
        "",
        "unnest($1::uuid[]) asked_for (id) cross join lateral",
        "asked_for.id",
        "distribution_cycle",
        "distribution_cycle_member",
        " offset 0",
        cycles as _,
        counted(most_open, cycles.len())
    );
    let rows = found.fetch_all(&mut *connection).await?;
    many(connection, rows, most_open, now).await
}

/// Up to how many open offers are counted: of these, as many as there are cycles may end.
fn counted(most_open: u32, cycles: usize) -> i64 {
    match most_open {
        0 => 0,
        most => i64::from(most) + i64::try_from(cycles).unwrap_or(0),
    }
}

async fn many(
    connection: &mut PgConnection,
    mut rows: Vec<Row>,
    most_open: u32,
    now: DateTime<Utc>,
) -> Result<ManyContenders> {
    rows.retain(|row| row.strategy == Strategy::Fixed);
    let recorded = recorded(&rows);
    if !recorded.is_empty() {
        let capped = availability::capped(connection, &recorded).await?;
        let is_capped = |row: &&Row| capped.contains(&row.sales_id);
        let dependent: HashSet<CycleId> =
            rows.iter().filter(is_capped).map(|row| row.cycle).collect();
        rows.retain(|row| !dependent.contains(&row.cycle));
    }
    let statuses = statuses_of(connection, &rows, now).await?;
    let mut by_cycle: Vec<(CycleId, Vec<Row>)> = Vec::new();
    for row in rows {
        match by_cycle.last_mut() {
            Some((cycle, rows)) if *cycle == row.cycle => rows.push(row),
            _ => by_cycle.push((row.cycle, vec![row])),
        }
    }
    Ok(ManyContenders {
        cycles: by_cycle.into_iter(),
        statuses,
        most_open,
        more: HashMap::new(),
    })
}

/// Inserts cycles with their members, and reads them as [`many_contenders`] does, in one statement. Returns their ids, in their order.
pub(crate) async fn insert_cycles(
    connection: &mut PgConnection,
    new: &[NewCycle<'_>],
    most_open: u32,
    now: DateTime<Utc>,
) -> Result<(Vec<CycleId>, ManyContenders)> {
    let new = NewCycles::of(new);
    let inserted = contenders!(
        r#"with new_cycle as (
               insert into distribution_cycle (id, lead_id, status, trigger, started_at, queue_id, strategy, sticky_sales_id, past)
               select id, lead, 'open', trigger, $15, queue, strategy, former, past
               from unnest($1::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[])
                    as cycle (id, lead, trigger, queue, strategy, former, past)
               returning id, queue_id, strategy, sticky_sales_id, last_round_at),
           new_member as (
               insert into distribution_cycle_member (cycle_id, seat, sales_id, label, weight, guest)
               select cycle, seat, sales_id, label, weight, guest
               from unnest($9::uuid[], $10::bigint[], $11::text[], $12::text[], $13::int[], $14::bool[])
                    as member (cycle, seat, sales_id, label, weight, guest)
               returning cycle_id, seat, sales_id, label, weight, guest) "#,
        "unnest($1::uuid[]) asked_for (id) cross join lateral",
        "asked_for.id",
        "new_cycle",
        "new_member",
        " offset 0",
        &new.ids as _,
        counted(most_open, new.ids.len()),
        &new.leads as _,
        &new.triggers as _,
        &new.queues as _,
        &new.strategies as _,
        &new.formers as _,
        &new.pasts as _,
        &new.of as _,
        &new.seats,
        &new.sales as _,
        &new.labels as _,
        &new.weights,
        &new.guests,
        now
    );
    let rows = inserted.fetch_all(&mut *connection).await?;
    let contenders = many(connection, rows, most_open, now).await?;
    Ok((new.ids, contenders))
}
