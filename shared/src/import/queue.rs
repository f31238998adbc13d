//! The order of the agents.

use super::row::Row;
use crate::{Error, Result};
use serde_json::Value;
use sqlx::PgConnection;

/// Copies a place of the old queue to the default queue, if its agent was copied, has no place yet, and
/// the position is free.
pub(super) async fn insert_place(connection: &mut PgConnection, row: &Row) -> Result<bool> {
    let order = row
        .value("queue_order")
        .and_then(Value::as_i64)
        .and_then(|order| i32::try_from(order).ok())
        .ok_or_else(|| {
            Error::invalid("queue_order", "is no number in a row of the old database")
        })?;
    let inserted = sqlx::query!(
        r#"insert into sales_queue (sales_id, queue_order, label, active)
           select $1, $2, $3, $4 where exists (select from "user" where id = $1)
             and not exists (select from sales_queue where queue_id = default_distribution_queue()
                                                       and (sales_id = $1 or queue_order = $2))"#,
        row.needed("sales_id")?,
        order,
        row.needed("label")?,
        row.value("active")
            .or_else(|| row.value("is_active"))
            .and_then(Value::as_bool)
            .unwrap_or(true)
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}
