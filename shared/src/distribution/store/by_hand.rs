//! What managers and admins do by hand.

use crate::Result;
use crate::address::Address;
use crate::distribution::model::CycleStatus;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::phone::Phone;
use crate::sales::Agent;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The numbers of the managers of a cycle's queue.
pub(crate) async fn managers_of(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Vec<String>> {
    let numbers = sqlx::query_scalar!(
        "select q.manager_phones from distribution_cycle c join distribution_queue q on q.id = c.queue_id
         where c.id = $1",
        cycle.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(numbers.unwrap_or_default())
}

/// The numbers of the managers of every queue in use, each once.
pub(crate) async fn all_managers(connection: &mut PgConnection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct unnest(manager_phones) as "number!" from distribution_queue where retired_at is null order by 1"#
    )
    .fetch_all(connection)
    .await?)
}

/// The code by which managers name the cycle's lead, for example `H12`. Assigned now if it has none.
pub(crate) async fn name_cycle(connection: &mut PgConnection, cycle: CycleId) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"update distribution_cycle set code = coalesce(code, 'H' || nextval('offer_code')) where id = $1
           returning code as "code!""#,
        cycle.0
    )
    .fetch_one(connection)
    .await?)
}

/// A cycle that a manager named.
pub(crate) struct NamedCycle {
    pub(crate) cycle: CycleId,
    pub(crate) lead: LeadId,
}

/// The latest cycle with this code in a queue that this person manages.
pub(crate) async fn cycle_by_code(
    connection: &mut PgConnection,
    code: &str,
    manager: &Address,
) -> Result<Option<NamedCycle>> {
    Ok(sqlx::query_as!(
        NamedCycle,
        r#"select c.id as "cycle: CycleId", c.lead_id as "lead: LeadId"
           from distribution_cycle c join distribution_queue q on q.id = c.queue_id
           where c.code = $1 and $2 = any(q.manager_phones) order by c.started_at desc limit 1"#,
        code,
        manager.as_str()
    )
    .fetch_optional(connection)
    .await?)
}

/// Labels and names of the cycle's agents who are not disabled; of its queue's agents if the cycle has
/// none.
pub(crate) async fn team_of(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        r#"select place.label as "label!", u.name
           from (select m.sales_id, m.label, m.seat as n from distribution_cycle_member m where m.cycle_id = $1
                 union all
                 select sq.sales_id, sq.label, sq.queue_order from distribution_cycle c
                 join sales_queue sq on sq.queue_id = c.queue_id
                 where c.id = $1
                   and not exists (select from distribution_cycle_member m where m.cycle_id = $1)) place
           join "user" u on u.id = place.sales_id and u.disabled_at is null order by place.n"#,
        cycle.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.label, row.name)).collect())
}

/// The agent with this label in the cycle, or in its present queue.
pub(crate) async fn agent_by_label(
    connection: &mut PgConnection,
    cycle: CycleId,
    label: &str,
) -> Result<Option<Agent>> {
    let found = sqlx::query!(
        r#"select u.id, u.name, u.offer_address, u.disabled_at is not null as "disabled!"
           from (select m.sales_id, 0 as n from distribution_cycle_member m
                 where m.cycle_id = $1 and upper(m.label) = $2
                 union all
                 select sq.sales_id, 1 from distribution_cycle c join sales_queue sq on sq.queue_id = c.queue_id
                 where c.id = $1 and upper(sq.label) = $2) place
           join "user" u on u.id = place.sales_id order by place.n limit 1"#,
        cycle.0,
        label
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|row| Agent {
        id: UserId(row.id),
        name: row.name,
        phone: row.offer_address.as_deref().and_then(Phone::from_e164),
        disabled: row.disabled,
    }))
}

/// The lead's cycle that an assignment ends: the open or held one, else the latest if it is hangus. Locked.
pub(crate) async fn lock_assignable_cycle(
    connection: &mut PgConnection,
    lead: LeadId,
) -> Result<Option<CycleId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: CycleId" from distribution_cycle
           where id = (select id from distribution_cycle where lead_id = $1
                       order by started_at desc, id desc limit 1)
             and status in ('open', 'held', 'hangus')
             and not exists (select from lead l where l.id = $1 and l.erased_at is not null)
           for update"#,
        lead.0
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn end_cycle_by_hand(
    connection: &mut PgConnection,
    cycle: CycleId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update distribution_cycle set status = 'assigned', closed_at = $2, resume_at = null where id = $1",
        cycle.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Inserts a cycle that ended when it started, for a lead without a cycle that is assigned to an agent.
pub(crate) async fn insert_cycle_by_hand(
    connection: &mut PgConnection,
    lead: LeadId,
    status: CycleStatus,
    now: DateTime<Utc>,
) -> Result<CycleId> {
    let id = CycleId::new();
    sqlx::query!(
        "insert into distribution_cycle (id, lead_id, status, trigger, started_at, closed_at, queue_id)
         values ($1, $2, $3, 'admin', $4, $4, default_distribution_queue())",
        id.0,
        lead.0,
        status.as_str(),
        now
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// The attempt with which the owner got the lead.
pub(crate) async fn winning_attempt(
    connection: &mut PgConnection,
    lead: LeadId,
) -> Result<Option<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select a.id as "id: AttemptId" from distribution_attempt a
           join distribution_cycle c on c.id = a.cycle_id
           join lead l on l.id = c.lead_id
           where l.id = $1 and l.status = 'claimed' and a.status in ('accepted', 'assigned')
             and a.sales_id = l.owner_sales_id
           order by a.closed_at desc limit 1"#,
        lead.0
    )
    .fetch_optional(connection)
    .await?)
}

/// What the client wrote in this cycle, newest first.
pub(crate) async fn words_of(
    connection: &mut PgConnection,
    lead: LeadId,
    cycle: CycleId,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select w.body
         from (select body, created_at, cycle_id from wa_message
               where lead_id = $1 and direction = 'in' and kind = 'client' order by created_at desc limit 30) w
         where w.cycle_id = $2 order by w.created_at desc",
        lead.0,
        cycle.0
    )
    .fetch_all(connection)
    .await?)
}

/// Whether an agent who was late can claim a hangus lead.
pub(crate) async fn gives_second_chances(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(bool_or(q.second_chance), false) as "gives!"
           from distribution_cycle c join distribution_queue q on q.id = c.queue_id join lead l on l.id = c.lead_id
           where c.id = $1 and l.erased_at is null"#,
        cycle.0
    )
    .fetch_one(connection)
    .await?)
}
