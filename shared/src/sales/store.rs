//! SQL of the agents.

use super::{ActivePlace, Agent, Origin, Route, Sender};
use crate::address::Address;
use crate::id::{QueueId, UserId};
use crate::phone::Phone;
use crate::strategy::Strategy;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

struct Row {
    id: UserId,
    name: String,
    offer_address: Option<String>,
    disabled: bool,
}

impl Row {
    fn into_agent(self) -> Agent {
        Agent {
            id: self.id,
            name: self.name,
            phone: self.offer_address.as_deref().and_then(Phone::from_e164),
            disabled: self.disabled,
        }
    }
}

/// Reads the agent, the manager and the block in one statement: every message that comes in asks for them.
pub(super) async fn sender(
    connection: &mut PgConnection,
    address: &Address,
    other: Option<&Address>,
) -> Result<Sender> {
    // The present number decides, then the number that an open offer was sent to, then an id of WhatsApp. A former
    // number counts unless the message comes under an id that is not that agent's.
    let is_number = address.phone().is_some();
    let number = is_number.then(|| address.as_str());
    let id = if is_number {
        other.map(Address::as_str)
    } else {
        Some(address.as_str())
    };
    // `coalesce` looks no further than the first answer. The oldest open offer to a number is the first at or after
    // the number in the index. Asked for by `=`, PostgreSQL reads all open offers if most went to one number.
    let found = sqlx::query!(
        r#"select u.id as "id?: UserId", u.name as "name?", u.offer_address, u.disabled_at is not null as "disabled!",
                  exists (select from distribution_queue where $3 = any(manager_phones)) as "manages!",
                  exists (select from contact_block where address in ($3, $4) and kind = 'blocked') as "is_blocked!",
                  (select max(created_at) from contact_block where address in ($3, $4) and kind = 'opted_out') as opted_out_at
           from (values (1)) message
           left join "user" u
           on u.id = coalesce(
               (select n.id from "user" n where n.offer_address = $1
                and (n.role = 'sales' or exists (select from sales_queue sq where sq.sales_id = n.id))),
               (select first.sales_id
                from (select a.sales_id, a.offered_to from distribution_attempt a
                      where coalesce(a.closed_at, 'infinity') = 'infinity' and (a.offered_to, a.assigned_at) >= ($1, '-infinity'::timestamptz)
                      order by a.offered_to, a.assigned_at limit 1) first
                where first.offered_to = $1),
               (select n.id from wa_identity i join "user" n on n.id = i.user_id
                where i.address = $2
                  and (n.role = 'sales' or exists (select from sales_queue sq where sq.sales_id = n.id))),
               (select n.id from wa_identity i join "user" n on n.id = i.user_id
                where i.address = $1
                  and (n.role = 'sales' or exists (select from sales_queue sq where sq.sales_id = n.id))
                  and ($2::text is null
                       or exists (select from wa_identity k where k.address = $2 and k.user_id = i.user_id))))"#,
        number,
        id,
        address.as_str(),
        other.map(Address::as_str)
    )
    .fetch_one(connection)
    .await?;
    let agent = found.id.zip(found.name).map(|(id, name)| Row {
        id,
        name,
        offer_address: found.offer_address,
        disabled: found.disabled,
    });
    Ok(Sender {
        agent: agent.map(Row::into_agent),
        manages: found.manages,
        is_blocked: found.is_blocked,
        opted_out_at: found.opted_out_at,
    })
}

pub(super) async fn agent_by_id(connection: &mut PgConnection, id: &UserId) -> Result<Agent> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: UserId", name, offer_address, (disabled_at is not null or role = 'operator') as "disabled!"
           from "user" where id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::into_agent)
    .ok_or(Error::NotFound { what: "agent" })
}

pub(super) async fn route(
    connection: &mut PgConnection,
    origin: &Origin,
) -> Result<(Route, Vec<ActivePlace>)> {
    let rows = sqlx::query!(
        r#"select q.id as "queue: QueueId", q.strategy as "strategy: Strategy",
                  place.sales_id as "sales_id?: UserId", place.label as "label?", place.weight as "weight?"
           from (select q.id, q.strategy
                 from distribution_queue q
                 left join distribution_queue_rule r on r.queue_id = q.id
                     and fits(r.project, $1) and fits(r.campaign, $2) and fits(r.source, $3) and says(r.words, $4)
                 where q.retired_at is null and (q.is_default or r.id is not null)
                 order by (r.id is null), r.priority, r.id limit 1) q
           left join (select sq.queue_id, sq.queue_order, sq.sales_id, sq.label, sq.weight
                      from sales_queue sq join "user" u on u.id = sq.sales_id and u.disabled_at is null
                      where sq.active) place on place.queue_id = q.id
           order by place.queue_order"#,
        origin.project,
        origin.campaign,
        origin.source,
        origin.words
    )
    .fetch_all(connection)
    .await?;
    let first = rows.first().ok_or(Error::NotFound { what: "queue" })?;
    let route = Route {
        queue: first.queue,
        strategy: first.strategy,
    };
    let places = rows.into_iter().filter_map(|row| {
        Some(ActivePlace {
            sales_id: row.sales_id?,
            label: row.label?,
            weight: row.weight?,
        })
    });
    Ok((route, places.collect()))
}

pub(super) async fn queue_exists(connection: &mut PgConnection, queue: QueueId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from distribution_queue where id = $1 and retired_at is null) as "exists!""#,
        queue.0
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn active_queue(
    connection: &mut PgConnection,
    queue: QueueId,
) -> Result<Vec<ActivePlace>> {
    Ok(sqlx::query_as!(
        ActivePlace,
        r#"select sq.sales_id as "sales_id: UserId", sq.label, sq.weight
           from sales_queue sq join "user" u on u.id = sq.sales_id and u.disabled_at is null
           where sq.active and sq.queue_id = $1 order by sq.queue_order"#,
        queue.0
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn active_place(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Option<ActivePlace>> {
    Ok(sqlx::query_as!(
        ActivePlace,
        r#"select sq.sales_id as "sales_id: UserId", sq.label, sq.weight
           from sales_queue sq join "user" u on u.id = sq.sales_id and u.disabled_at is null
           where sq.active and sq.sales_id = $1 order by sq.queue_order limit 1"#,
        agent.0
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn link(
    connection: &mut PgConnection,
    agent: &UserId,
    key: &Address,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into wa_identity as i (address, user_id, first_seen_at) values ($1, $2, $3)
         on conflict (address) do update set user_id = excluded.user_id, lead_id = null, first_seen_at = $3
         where i.user_id is distinct from excluded.user_id",
        key.as_str(),
        agent.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn change_number(
    connection: &mut PgConnection,
    old: &Phone,
    new: &Phone,
    now: DateTime<Utc>,
) -> Result<Option<UserId>> {
    // The person keeps their ids. A number that an admin changes ends them (migration 0031).
    let keys = sqlx::query_scalar!(
        r#"select i.address from wa_identity i join "user" u on u.id = i.user_id where u.offer_address = $1"#,
        old.as_str()
    )
    .fetch_all(&mut *connection)
    .await?;
    let agent = sqlx::query_scalar!(
        r#"update "user" set phone = $2, updated_at = $3
           where offer_address = $1 and not exists (select from "user" where offer_address = $2)
           returning id as "id: UserId""#,
        old.as_str(),
        new.as_str(),
        now
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(agent) = &agent {
        sqlx::query!(
            "insert into wa_identity (address, user_id, first_seen_at)
             select key, $2, $3 from unnest($1::text[]) key on conflict do nothing",
            &keys,
            agent.0,
            now
        )
        .execute(&mut *connection)
        .await?;
        link(connection, agent, &Address::from(old), now).await?;
    }
    Ok(agent)
}

pub(super) async fn ours_of(
    connection: &mut PgConnection,
    addresses: &[String],
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select asked_for.address as "address!" from unnest($1::text[]) asked_for (address)
           where exists (select from "user" u where u.offer_address = asked_for.address)
              or exists (select from wa_identity i where i.address = asked_for.address and i.user_id is not null)
              or exists (select from distribution_queue q where asked_for.address = any(q.manager_phones))"#,
        addresses
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn without_number(connection: &mut PgConnection) -> Result<(i64, Vec<String>)> {
    let row = sqlx::query!(
        r#"select count(*) as "all!",
                  coalesce(array_agg(name order by name) filter (where offer_address is null), '{}') as "without!: Vec<String>"
           from "user" u
           where disabled_at is null and exists (select from sales_queue sq where sq.sales_id = u.id and sq.active)"#
    )
    .fetch_one(connection)
    .await?;
    Ok((row.all, row.without))
}

/// Returns of how many queues the person is a manager.
pub(super) async fn change_manager_number(
    connection: &mut PgConnection,
    old: &Phone,
    new: &Phone,
) -> Result<u64> {
    let changed = sqlx::query!(
        "update distribution_queue
         set manager_phones = case when $2 = any(manager_phones) then array_remove(manager_phones, $1)
                                   else array_replace(manager_phones, $1, $2) end
         where $1 = any(manager_phones)",
        old.as_str(),
        new.as_str()
    )
    .execute(connection)
    .await?;
    Ok(changed.rows_affected())
}
