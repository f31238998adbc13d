//! The rights of a person to their data (Indonesia: UU 27/2022): everything that is stored of one person is shown, or erased.
//!
//! Each capability shows and erases its own rows, as JSON by table; this module finds the person and joins the parts in one
//! transaction. To add a table that names a client: the `person_rows` and `erase_person` of its owner. A story searches every
//! text, json and bytea column of the database, and a dump, for an erased person.

mod model;
mod page;
mod store;

pub use model::{Erased, KEPT, Request, RequestKind, Sought};
pub use page::page;

use crate::id::LeadId;
use crate::leads::{self, Person};
use crate::operations::Actor;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{
    App, Error, Result, appointments, contacts, distribution, lead_lists, linked_device, meta,
    sales, whatsapp,
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sqlx::{Connection, PgConnection};
use std::collections::BTreeSet;
use store::NewRequest;

/// The longest reason of an erasure, in characters.
const LONGEST_REASON: usize = 500;
/// How many leads one batch of [`erase_ended`] erases.
const BATCH: i64 = 20;

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

/// Erases a person: their distribution ends, what waits to be sent to or about them is not sent, and their names, numbers, ids
/// and words are gone from every table, in one transaction. Their agents are asked to delete the chat. See [`KEPT`] for what
/// stays. Twice is as once.
///
/// Fails with `Invalid` if the number is the company's or an agent's or the reason is not 1 to 500 characters, with `NotFound` if
/// there is no such lead, and with the conflict `still_arriving` while a delivery that names the person is not handled.
pub async fn erase(app: &App, by: &Actor, sought: &Sought, reason: &str) -> Result<Erased> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(Error::invalid("reason", "must be 1 to 500 characters"));
    }
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    // Handlers take what was received first, and then the leads.
    let person = find(&app, &mut transaction, sought).await?;
    let now = app.clock.now(&mut transaction).await?;
    let unhandled = distribution::forget_received(&mut transaction, &person, now).await?;
    let list_rows = lead_lists::erase_person(&mut transaction, &person).await?;
    // What was being handled until now can have made a lead.
    let person = lock(&app, &mut transaction, sought).await?;
    let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Admin).await?;
    let mut agents = BTreeSet::new();
    for lead in &person.leads {
        let lead = leads::by_id(work.connection, *lead).await?;
        agents.extend(distribution::stop_for_erasure(&mut work, &lead).await?);
    }
    let (forms, deliveries) = meta::erase_person(work.connection, &person).await?;
    let blocks = contacts::erase_person(work.connection, &person).await?;
    let rest = forget(work.connection, &person, work.now).await?;
    let erased = Erased {
        unhandled,
        forms,
        deliveries,
        blocks,
        list_rows: list_rows + rest.list_rows,
        ..rest
    };
    distribution::tell_erased(&mut work, &agents, &person).await?;
    let now = work.now;
    // The reason can name the person, too.
    let reason = store::without_person(&mut transaction, reason, &person.words()).await?;
    let request = NewRequest {
        kind: RequestKind::Erase,
        by_whom: &by.to_string(),
        reason: Some(&reason),
        leads: &person.lead_ids(),
        counts: &json!(erased),
    };
    store::record(&mut transaction, &request, now).await?;
    transaction.commit().await?;
    tracing::info!(leads = person.leads.len(), by = %by, "privacy.erased");
    Ok(erased)
}

/// Erases what is stored with the person's leads, messages, lists and visits, in the caller's transaction. Their distribution must
/// have ended.
async fn forget(
    connection: &mut PgConnection,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<Erased> {
    let (messages, mentions) = whatsapp::erase_person(connection, person, now).await?;
    let list_rows = lead_lists::erase_person(connection, person).await?;
    let device_keys = linked_device::forget_peer(connection, person).await?;
    let visits = appointments::erase_person(connection, person, now).await?;
    let leads = leads::erase_person(connection, person, now).await?;
    Ok(Erased {
        leads,
        messages,
        mentions,
        visits: u64::try_from(visits).unwrap_or(u64::MAX),
        list_rows,
        device_keys,
        ..Erased::default()
    })
}

/// The person. Locks nothing.
async fn find(app: &App, connection: &mut PgConnection, sought: &Sought) -> Result<Person> {
    let person = match sought {
        Sought::Phone(phone) => leads::person_of(connection, phone).await?,
        Sought::Lead(lead) => leads::person_of_lead(connection, *lead).await?,
    };
    without_ours(app, connection, sought, person).await
}

/// The person, with their leads locked.
async fn lock(app: &App, connection: &mut PgConnection, sought: &Sought) -> Result<Person> {
    let person = match sought {
        Sought::Phone(phone) => leads::lock_person(connection, phone).await?,
        Sought::Lead(lead) => leads::lock_person_of(connection, *lead).await?,
    };
    without_ours(app, connection, sought, person).await
}

/// The person without the addresses of users and managers: an agent who was a client once keeps the messages of their work. Fails
/// with `Invalid` if the number that was asked for is one of these.
async fn without_ours(
    app: &App,
    connection: &mut PgConnection,
    sought: &Sought,
    mut person: Person,
) -> Result<Person> {
    let ours = sales::ours_of(connection, &person.address_texts()).await?;
    if let Sought::Phone(phone) = sought
        && (*phone == app.company_phone || ours.iter().any(|address| address == phone.as_str()))
    {
        return Err(Error::invalid("phone", "is a number of the office"));
    }
    remove(&mut person, &ours);
    Ok(person)
}

/// Removes these addresses from the person.
fn remove(person: &mut Person, ours: &[String]) {
    person
        .addresses
        .retain(|address| !ours.iter().any(|our| our == address.as_str()));
}

/// The last requests, newest first.
pub async fn requests(app: &App, limit: u16) -> Result<Vec<Request>> {
    let mut connection = app.pool.acquire().await?;
    store::requests(&mut connection, i64::from(limit)).await
}

/// Erases leads that ended this many days ago: closed, hangus, sold or lost, without a message or visit since, each in a
/// transaction of its own. What is not the leads' stays: blocks, deliveries, forms without a lead. A lead that cannot be erased
/// is logged and tried again an hour later. Returns how many of this page; with 0 days none.
pub async fn erase_ended(connection: &mut PgConnection, days: f64) -> Result<u64> {
    let (mut erased, mut last) = (0, None);
    while days > 0.0 && erased == 0 {
        let page = leads::ended_before(connection, days, last, BATCH).await?;
        let Some(end) = page.last() else { break };
        last = Some(*end);
        for lead in page {
            match erase_by_age(connection, lead, days).await {
                Ok(was_ended) => erased += u64::from(was_ended),
                Err(error) => tracing::error!(%lead, %error, "privacy.not_erased_by_age"),
            }
        }
    }
    Ok(erased)
}

/// Returns `false` if the lead's client wrote, or somebody changed the lead, since it was found.
async fn erase_by_age(connection: &mut PgConnection, lead: LeadId, days: f64) -> Result<bool> {
    let mut transaction = connection.begin().await?;
    let mut person = leads::lock_person_of(&mut transaction, lead).await?;
    if !leads::is_ended(&mut transaction, lead, days).await? {
        return Ok(false);
    }
    let ours = sales::ours_of(&mut transaction, &person.address_texts()).await?;
    remove(&mut person, &ours);
    let now = store::now(&mut transaction).await?;
    let forms = meta::erase_forms(&mut transaction, &person).await?;
    let rest = forget(&mut transaction, &person, now).await?;
    let request = NewRequest {
        kind: RequestKind::Age,
        by_whom: "worker",
        reason: None,
        leads: &person.lead_ids(),
        counts: &json!(Erased { forms, ..rest }),
    };
    store::record(&mut transaction, &request, now).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Deletes a batch of requests that are this many days old. Returns how many.
pub async fn prune(connection: &mut PgConnection, days: f64) -> Result<u64> {
    store::delete_old(connection, days).await
}
