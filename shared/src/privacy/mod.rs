//! The rights of a person to their data (Indonesia: UU 27/2022): everything that is stored of one person is shown, or erased.
//!
//! Each capability shows and erases its own rows, as JSON by table; this module finds the person and joins the parts in one
//! transaction. To add a table that names a client: the `person_rows` and `erase_person` of its owner. A story searches every
//! text, json and bytea column of the database, and a dump, for an erased person.

mod by_age;
mod erase;
mod find;
mod forget;
mod model;
mod page;
mod store;

pub use by_age::erase_ended;
pub use erase::erase;
pub use model::{Erased, KEPT, Request, RequestKind, Sought};
pub use page::page;

use crate::leads::{self, Person};
use crate::operations::Actor;
use crate::{App, Result, appointments, contacts, distribution, lead_lists, meta, whatsapp};
use find::find;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use store::NewRequest;

/// Everything that is stored of a person, as JSON: one list of rows a table. A person of whom nothing is stored has empty
/// lists. Recorded as a request.
///
/// Fails with `Invalid` if the number is the company's or an agent's, and with `NotFound` if there is no such lead.
pub async fn export(app: &App, by: &Actor, sought: &Sought) -> Result<Value> {
    let mut transaction = app.begin().await?;
    let person = find(app, &mut transaction, sought).await?;
    let now = app.clock.now(&mut transaction).await?;
    let rows = rows(&mut transaction, &person).await?;
    let counts = |value: &Value| json!(value.as_array().map_or(0, Vec::len));
    let counts: Map<String, Value> = rows
        .iter()
        .map(|(table, rows)| (table.clone(), counts(rows)))
        .collect();
    let request = NewRequest {
        kind: RequestKind::Export,
        by_whom: &by.to_string(),
        reason: None,
        leads: &person.lead_ids(),
        counts: &Value::Object(counts),
    };
    store::record(&mut transaction, &request, now).await?;
    transaction.commit().await?;
    tracing::info!(leads = person.leads.len(), by = %by, "privacy.exported");
    let addresses = person.address_texts();
    Ok(json!({
        "generatedAt": now,
        "addresses": addresses,
        "names": person.names,
        "data": rows,
    }))
}

/// Every row of the person by table; a table without one is an empty list.
async fn rows(connection: &mut PgConnection, person: &Person) -> Result<Map<String, Value>> {
    let mut rows = Map::new();
    for part in [
        leads::person_rows(connection, person).await?,
        distribution::person_rows(connection, person).await?,
        whatsapp::person_rows(connection, person).await?,
        meta::person_rows(connection, person).await?,
        appointments::person_rows(connection, person).await?,
        json!({
            "lists": lead_lists::person_rows(connection, person).await?,
            "blocks": contacts::person_rows(connection, person).await?,
            "requests": store::requests_of(connection, &person.lead_ids()).await?,
        }),
    ] {
        let Value::Object(tables) = part else {
            continue;
        };
        for (table, found) in tables {
            let found = if found.is_null() { json!([]) } else { found };
            rows.insert(table, found);
        }
    }
    Ok(rows)
}

/// The last requests, newest first.
pub async fn requests(app: &App, limit: u16) -> Result<Vec<Request>> {
    let mut connection = app.pool.acquire().await?;
    store::requests(&mut connection, i64::from(limit)).await
}

/// Deletes a batch of requests that are this many days old. Returns how many.
pub async fn prune(connection: &mut PgConnection, days: f64) -> Result<u64> {
    store::delete_old(connection, days).await
}
