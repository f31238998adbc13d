//! The order of the agents.

use super::people::is_here;
use super::report::Imported;
use super::row::Row;
use crate::{Error, Result};
use serde_json::Value;
use sqlx::PgConnection;

/// Copies a place of the old queue to the default queue. Returns why it is left, if it is: its agent is not here, or
/// has a place already. A position or label that is taken is replaced by the next free one.
pub(super) async fn insert_place(
    connection: &mut PgConnection,
    row: &Row,
    imported: &mut Imported,
) -> Result<Option<String>> {
    let old_order = row
        .value("queue_order")
        .and_then(Value::as_i64)
        .and_then(|order| i32::try_from(order).ok())
        .ok_or_else(|| Error::invalid("queue_order", "is no number"))?;
    let old_label = row.needed("label")?;
    let agent = imported.user_here(row.needed("sales_id")?).to_owned();
    if !is_here(connection, &agent).await? {
        return Ok(Some(format!("its agent `{agent}` is not here")));
    }
    let free = sqlx::query!(
        r#"select exists (select from sales_queue where queue_id = q.id and sales_id = $1) as "has_place!",
                  case when $2 >= 1 and not exists (select from sales_queue where queue_id = q.id and queue_order = $2) then $2
                       else (select coalesce(max(queue_order), 0) + 1 from sales_queue where queue_id = q.id) end as "number!",
                  case when not exists (select from sales_queue where queue_id = q.id and label = $3) then $3
                       else (select min(letter) from (select chr(64 + n) as letter from generate_series(1, 26) n) letters
                             where not exists (select from sales_queue where queue_id = q.id and label = letter)) end as label
           from (select default_distribution_queue() as id) q"#,
        agent,
        old_order,
        old_label
    )
    .fetch_one(&mut *connection)
    .await?;
    if free.has_place {
        return Ok(Some("its agent has a place already".to_owned()));
    }
    let Some(label) = free.label else {
        return Ok(Some("its label is taken, and no letter is free".to_owned()));
    };
    let id = row.id();
    if free.number != old_order {
        let reason = format!("its position {old_order} is taken: it gets {}", free.number);
        imported.changed("sales_queue", &id, reason);
    }
    if label != old_label {
        imported.changed(
            "sales_queue",
            &id,
            format!("its label {old_label} is taken: it gets {label}"),
        );
    }
    sqlx::query!(
        "insert into sales_queue (sales_id, queue_order, label, active) values ($1, $2, $3, $4)",
        agent,
        free.number,
        label,
        row.value("active")
            .or_else(|| row.value("is_active"))
            .and_then(Value::as_bool)
            .unwrap_or(true)
    )
    .execute(connection)
    .await?;
    Ok(None)
}
