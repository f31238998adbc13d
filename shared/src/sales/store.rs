//! SQL of the agents.

use super::{ActivePlace, Agent, Origin, Route};
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

pub(super) async fn agent_by_address(
    connection: &mut PgConnection,
    address: &Address,
    other: Option<&Address>,
) -> Result<Option<Agent>> {
    // An open offer keeps the number that it was sent to. An answer from that number is its agent's.
    let found = sqlx::query_as!(
        Row,
        r#"select u.id as "id: UserId", u.name, u.offer_address, u.disabled_at is not null as "disabled!"
           from "user" u
           where ((u.offer_address = $1
                   or u.id in (select user_id from wa_identity where address in ($1, $2)))
                  and (u.role = 'sales' or exists (select from sales_queue sq where sq.sales_id = u.id)))
              or u.id = (select a.sales_id from distribution_attempt a
                         where a.offered_to = $1 and a.status = 'open' order by a.assigned_at limit 1)
           order by (u.offer_address is distinct from $1) limit 1"#,
        address.as_str(),
        other.map(Address::as_str)
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(Row::into_agent))
}

pub(super) async fn agent_by_id(connection: &mut PgConnection, id: &UserId) -> Result<Agent> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: UserId", name, offer_address, disabled_at is not null as "disabled!"
           from "user" where id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::into_agent)
    .ok_or(Error::NotFound { what: "agent" })
}

pub(super) async fn route(connection: &mut PgConnection, origin: &Origin) -> Result<Route> {
    Ok(sqlx::query_as!(
        Route,
        r#"select q.id as "queue: QueueId", q.strategy as "strategy: Strategy"
           from distribution_queue q
           left join distribution_queue_rule r on r.queue_id = q.id
               and fits(r.project, $1) and fits(r.campaign, $2) and fits(r.source, $3)
           where q.retired_at is null and (q.is_default or r.id is not null)
           order by (r.id is null), r.priority, r.id limit 1"#,
        origin.project,
        origin.campaign,
        origin.source
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
        "insert into wa_identity (address, user_id, first_seen_at) values ($1, $2, $3) on conflict do nothing",
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
        link(connection, agent, &Address::from(old), now).await?;
    }
    Ok(agent)
}
