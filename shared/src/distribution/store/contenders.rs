//! The members of a cycle with their present state, and the credits of places.

use super::cycles::{Members, NewCycle};
use crate::Result;
use crate::availability::{self, DutyStatus, Reason};
use crate::distribution::model::AttemptStatus;
use crate::distribution::turn::{Contender, Rules};
use crate::id::{CycleId, QueueId, UserId};
use crate::strategy::Strategy;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;

/// A cycle with its members: everything that a decision is based on.
pub(crate) struct DecisionInput {
    pub(crate) rules: Rules,
    /// The queue of the cycle, if it was not deleted.
    pub(crate) queue: Option<QueueId>,
    /// Whether the last round, with all agents at once, is configured and has not taken place.
    pub(crate) last_round_is_left: bool,
    /// In the order of the places.
    pub(crate) contenders: Vec<Contender>,
}

#[allow(clippy::struct_excessive_bools, reason = "columns of a query")]
pub(super) struct Row {
    pub(super) cycle: CycleId,
    pub(super) strategy: Strategy,
    pub(super) queue_id: Option<QueueId>,
    pub(super) sticky_sales_id: Option<UserId>,
    pub(super) most_turns_owed: Option<i32>,
    pub(super) last_round_is_left: bool,
    pub(super) sales_id: UserId,
    pub(super) label: String,
    pub(super) weight: i32,
    pub(super) guest: bool,
    pub(super) offer_address: Option<String>,
    pub(super) credit: Option<i64>,
    pub(super) asked: Option<AttemptStatus>,
    pub(super) has_availability: bool,
    pub(super) disabled: bool,
    /// Open offers, counted up to the limit.
    pub(super) open: i64,
}

/// Selects the [`Row`]s of a cycle, with open offers counted up to `$2`: `$with` is SQL before it, `$id` the cycle's id, `$cycle`
/// and `$members` are the tables. For several cycles `$from` yields their ids, and the `$fence` `offset 0` has PostgreSQL look for
/// each by its index.
macro_rules! contenders {
    ($with:tt, $from:tt, $id:tt, $cycle:tt, $members:tt, $fence:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            $with + r#"select one.cycle as "cycle!: CycleId", one.strategy as "strategy!: Strategy", one.queue_id as "queue_id: QueueId",
                  one.sticky_sales_id as "sticky_sales_id: UserId", one.most_turns_owed as "most_turns_owed?",
                  one.last_round_is_left as "last_round_is_left!",
                  one.sales_id as "sales_id!: UserId", one.label as "label!", one.weight as "weight!", one.guest as "guest!",
                  one.offer_address, one.credit as "credit?", one.asked as "asked?: AttemptStatus",
                  one.has_availability as "has_availability!", one.disabled as "disabled!", one.open as "open!"
           from "# + $from + r#" (
           select c.id as cycle, c.strategy, c.queue_id, c.sticky_sales_id, q.most_turns_owed,
                  coalesce(q.last_round, false) and c.last_round_at is null as last_round_is_left,
                  m.seat, m.sales_id, m.label, m.weight, m.guest, u.offer_address, sq.credit,
                  -- Who had no number and has one now was not asked.
                  case when asked.reason = 'no_number' and u.offer_address is not null then null else asked.status end as asked,
                  exists (select from agent_availability v where v.sales_id = m.sales_id)
                   or exists (select from company_hours) as has_availability,
                  u.disabled_at is not null as disabled,
                  -- In the order of its index: see ADR 16.
                  (select count(*) from (select o.sales_id from distribution_attempt o
                                         where o.closed_at is null and (o.sales_id, o.code) >= (m.sales_id, '')
                                         order by o.sales_id, o.code limit $2) o
                   where o.sales_id = m.sales_id) as open
           from "# + $cycle + r#" c
           left join distribution_queue q on q.id = c.queue_id
           join "# + $members + r#" m on m.cycle_id = c.id
           join "user" u on u.id = m.sales_id
           left join sales_queue sq on sq.queue_id = c.queue_id and sq.sales_id = m.sales_id
           left join (select distinct on (a.sales_id) a.sales_id, a.status, a.reason from distribution_attempt a
                      where a.cycle_id = "# + $id + r#" order by a.sales_id, a.position desc) asked on asked.sales_id = m.sales_id
           where c.id = "# + $id + $fence + r#") one order by one.cycle, one.seat"#
            $(, $argument)*
        )
    };
}
pub(super) use contenders;

/// Reads the contenders. If the queue rotates, locks it first, so that no other transaction changes its
/// credits. A `fixed` queue needs no lock.
///
/// With a limit of open offers (`most_open`, 0 for none), an agent who has that many is away, unless all are.
pub(crate) async fn decision_input(
    connection: &mut PgConnection,
    cycle: CycleId,
    most_open: u32,
    now: DateTime<Utc>,
) -> Result<DecisionInput> {
    let mut rows = rows(connection, cycle, most_open).await?;
    let takes_turns = rows
        .first()
        .is_some_and(|row| row.strategy != Strategy::Fixed);
    if let Some(queue) = rows
        .first()
        .and_then(|row| row.queue_id)
        .filter(|_| takes_turns)
    {
        lock_queue(connection, queue).await?;
        rows = self::rows(connection, cycle, most_open).await?;
    }
    input_of(connection, rows, most_open, now).await
}

async fn input_of(
    connection: &mut PgConnection,
    rows: Vec<Row>,
    most_open: u32,
    now: DateTime<Utc>,
) -> Result<DecisionInput> {
    let statuses = statuses_of(connection, &rows, now).await?;
    Ok(input(rows, most_open, &statuses))
}

/// The standing of those whose availability is on record.
pub(super) async fn statuses_of(
    connection: &mut PgConnection,
    rows: &[Row],
    now: DateTime<Utc>,
) -> Result<HashMap<UserId, DutyStatus>> {
    let recorded = recorded(rows);
    if recorded.is_empty() {
        return Ok(HashMap::default());
    }
    availability::duty_statuses(connection, &recorded, now).await
}

/// The agents whose availability is on record.
pub(super) fn recorded(rows: &[Row]) -> Vec<UserId> {
    let mut agents: Vec<UserId> = rows
        .iter()
        .filter(|row| row.has_availability)
        .map(|row| row.sales_id.clone())
        .collect();
    agents.sort_unstable();
    agents.dedup();
    agents
}

/// The rows of one cycle, with the standing of those whose availability is on record.
pub(super) fn input(
    rows: Vec<Row>,
    most_open: u32,
    statuses: &HashMap<UserId, DutyStatus>,
) -> DecisionInput {
    let is_full = |row: &Row| most_open > 0 && row.open >= i64::from(most_open);
    let first = rows.first();
    let mut input = DecisionInput {
        rules: Rules {
            strategy: first.map_or(Strategy::Fixed, |row| row.strategy),
            former_agent: first.and_then(|row| row.sticky_sales_id.clone()),
            most_turns_owed: first.and_then(|row| row.most_turns_owed),
        },
        queue: first.and_then(|row| row.queue_id),
        last_round_is_left: first.is_some_and(|row| row.last_round_is_left),
        contenders: Vec::new(),
    };
    let full: Vec<bool> = rows.iter().map(is_full).collect();
    let duty = |row: &Row| match statuses.get(&row.sales_id) {
        _ if row.disabled => DISABLED,
        Some(status) => *status,
        None => DutyStatus::OnDuty,
    };
    let contenders = rows.into_iter().map(|row| Contender {
        duty: duty(&row),
        sales_id: row.sales_id,
        label: row.label,
        weight: i64::from(row.weight),
        guest: row.guest,
        address: row.offer_address,
        credit: row.credit,
        asked: row.asked.map(ended),
    });
    input.contenders = contenders.collect();
    pass_over_the_full(&mut input.contenders, &full);
    input
}

/// An agent with the most open offers is passed over, if somebody else can be offered the lead.
pub(crate) fn pass_over_the_full(contenders: &mut [Contender], full: &[bool]) {
    let has_room = |(contender, full): (&Contender, &bool)| !full && contender.can_be_offered();
    if !contenders.iter().zip(full).any(has_room) {
        return;
    }
    for (contender, full) in contenders.iter_mut().zip(full) {
        if *full && contender.duty == DutyStatus::OnDuty {
            contender.duty = DutyStatus::Away {
                reason: Reason::CapOpen,
                until: None,
            };
        }
    }
}

/// The standing of a disabled agent: away until an admin enables them.
pub(crate) const DISABLED: DutyStatus = DutyStatus::Away {
    reason: Reason::Disabled,
    until: None,
};

/// How the end of an offer is reported for an agent who is skipped because of it.
pub(crate) fn ended(status: AttemptStatus) -> Reason {
    match status {
        AttemptStatus::Declined => Reason::Declined,
        AttemptStatus::Undeliverable => Reason::Undeliverable,
        _ => Reason::Asked,
    }
}

async fn rows(connection: &mut PgConnection, cycle: CycleId, most_open: u32) -> Result<Vec<Row>> {
    let found = contenders!(
        "",
        "",
        "$1",
        "distribution_cycle",
        "distribution_cycle_member",
        "",
        cycle.0,
        i64::from(most_open)
    );
    Ok(found.fetch_all(connection).await?)
}

/// Inserts a cycle with its members, and reads them as contenders, in one statement. If the queue rotates, locks it first, as
/// [`decision_input`] does.
pub(crate) async fn insert_cycle(
    connection: &mut PgConnection,
    new: &NewCycle<'_>,
    most_open: u32,
    now: DateTime<Utc>,
) -> Result<(CycleId, DecisionInput)> {
    if new.route.strategy != Strategy::Fixed {
        lock_queue(connection, new.route.queue).await?;
    }
    let id = CycleId::new();
    let members = Members::of(new.queue, new.former_agent);
    let inserted = contenders!(
        r#"with new_cycle as (
               insert into distribution_cycle (id, lead_id, status, trigger, started_at, queue_id, strategy, sticky_sales_id, past)
               values ($1, $3, 'open', $4, $5, $6, $7, $8, $13)
               returning id, queue_id, strategy, sticky_sales_id, last_round_at),
           new_member as (
               insert into distribution_cycle_member (cycle_id, seat, sales_id, label, weight, guest)
               select new_cycle.id, seat, sales_id, label, weight, seat > $12
               from new_cycle, unnest($9::text[], $10::text[], $11::int[]) with ordinality
                               as queue (sales_id, label, weight, seat)
               returning cycle_id, seat, sales_id, label, weight, guest) "#,
        "",
        "$1",
        "new_cycle",
        "new_member",
        "",
        id.0,
        i64::from(most_open),
        new.lead.0,
        new.trigger.as_str(),
        now,
        new.route.queue.0,
        new.route.strategy.as_str(),
        new.former_agent.map(|place| place.sales_id.0.as_str()),
        &members.sales as _,
        &members.labels as _,
        &members.weights,
        members.places,
        new.past
    );
    let rows = inserted.fetch_all(&mut *connection).await?;
    Ok((id, input_of(connection, rows, most_open, now).await?))
}

/// Locks a queue's position until the transaction ends.
pub(crate) async fn lock_queue(connection: &mut PgConnection, queue: QueueId) -> Result<()> {
    sqlx::query!(
        "select from distribution_queue where id = $1 for no key update",
        queue.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores the credits of places.
pub(crate) async fn set_credits(
    connection: &mut PgConnection,
    queue: QueueId,
    credits: &[(UserId, i64)],
) -> Result<()> {
    let (agents, credits): (Vec<&str>, Vec<i64>) = credits
        .iter()
        .map(|(agent, credit)| (agent.0.as_str(), *credit))
        .unzip();
    sqlx::query!(
        "update sales_queue sq set credit = owed.credit
         from unnest($2::text[], $3::bigint[]) as owed (sales_id, credit)
         where sq.queue_id = $1 and sq.sales_id = owed.sales_id",
        queue.0,
        &agents as _,
        &credits
    )
    .execute(connection)
    .await?;
    Ok(())
}
