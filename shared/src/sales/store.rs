//! SQL of the agents.

use super::{Agent, Origin, Route, Seat};
use crate::distribution::Strategy;
use crate::id::{QueueId, UserId};
use crate::phone::Phone;
use crate::{Error, Result};
use sqlx::PgConnection;

fn agent(id: String, name: String, address: Option<&str>) -> Agent {
    Agent {
        id: UserId(id),
        name,
        phone: address.and_then(Phone::from_e164),
    }
}

pub(super) async fn agent_by_phone(
    connection: &mut PgConnection,
    phone: &Phone,
) -> Result<Option<Agent>> {
    // An open offer keeps the number that it was sent to: there, too, it is its agent who answers.
    let found = sqlx::query!(
        r#"select u.id, u.name, u.offer_address
           from "user" u
           where (u.offer_address = $1 and (u.role = 'sales'
                                            or exists (select from sales_queue sq where sq.sales_id = u.id)))
              or u.id = (select a.sales_id from distribution_attempt a
                         where a.offered_to = $1 and a.status = 'open' order by a.assigned_at limit 1)
           order by (u.offer_address is distinct from $1) limit 1"#,
        phone.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|row| agent(row.id, row.name, row.offer_address.as_deref())))
}

pub(super) async fn agent_by_id(connection: &mut PgConnection, id: &UserId) -> Result<Agent> {
    sqlx::query!(
        r#"select id, name, offer_address from "user" where id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(|row| agent(row.id, row.name, row.offer_address.as_deref()))
    .ok_or(Error::NotFound { what: "agent" })
}

pub(super) async fn route(connection: &mut PgConnection, origin: &Origin) -> Result<Route> {
    Ok(sqlx::query_as!(
        Route,
        r#"select q.id as "queue: QueueId", q.strategy as "strategy: Strategy"
           from distribution_queue q
           left join distribution_queue_rule r on r.queue_id = q.id
               and fits(r.project, $1) and fits(r.campaign, $2) and fits(r.source, $3)
           where q.is_default or r.id is not null
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
) -> Result<Vec<Seat>> {
    Ok(sqlx::query_as!(
        Seat,
        r#"select sales_id as "sales_id: UserId", label, weight from sales_queue
           where active and queue_id = $1 order by queue_order"#,
        queue.0
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn active_seat(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Option<Seat>> {
    Ok(sqlx::query_as!(
        Seat,
        r#"select sales_id as "sales_id: UserId", label, weight from sales_queue
           where active and sales_id = $1 order by queue_order limit 1"#,
        agent.0
    )
    .fetch_optional(connection)
    .await?)
}
