//! SQL of the agents.

use super::{Agent, Seat};
use crate::id::UserId;
use crate::phone::Phone;
use crate::{Error, Result};
use sqlx::PgConnection;

fn agent(id: String, name: String, phone: Option<&str>) -> Agent {
    Agent {
        id: UserId(id),
        name,
        phone: phone.and_then(Phone::from_e164),
    }
}

pub(super) async fn agent_by_phone(
    connection: &mut PgConnection,
    phone: &Phone,
) -> Result<Option<Agent>> {
    // Two users may carry one number (the old data is not clean): the one in the queue answers.
    let found = sqlx::query!(
        r#"select u.id, u.name, u.phone
           from "user" u left join sales_queue sq on sq.sales_id = u.id
           where u.phone = $1 and (u.role = 'sales' or sq.id is not null)
           order by (sq.id is null), sq.active desc, sq.queue_order, u.created_at
           limit 1"#,
        phone.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|row| agent(row.id, row.name, row.phone.as_deref())))
}

pub(super) async fn agent_by_id(connection: &mut PgConnection, id: &UserId) -> Result<Agent> {
    sqlx::query!(r#"select id, name, phone from "user" where id = $1"#, id.0)
        .fetch_optional(connection)
        .await?
        .map(|row| agent(row.id, row.name, row.phone.as_deref()))
        .ok_or(Error::NotFound { what: "agent" })
}

pub(super) async fn active_queue(connection: &mut PgConnection) -> Result<Vec<Seat>> {
    let seats =
        sqlx::query!("select sales_id, label from sales_queue where active order by queue_order")
            .fetch_all(connection)
            .await?;
    Ok(seats
        .into_iter()
        .map(|row| Seat {
            sales_id: UserId(row.sales_id),
            label: row.label,
        })
        .collect())
}
