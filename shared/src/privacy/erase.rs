//! Erasing a person who asks for it.

use super::find::{find, lock};
use super::forget::forget;
use super::model::{Erased, RequestKind, Sought};
use super::store::{self, NewRequest};
use crate::leads::{self, Candidates, Person};
use crate::operations::Actor;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Named};
use crate::{App, Error, Result, contacts, distribution, lead_lists, meta};
use serde_json::json;
use std::collections::BTreeSet;

/// The longest reason of an erasure, in characters.
const LONGEST_REASON: usize = 500;
/// How many times a person is searched for, if their name or number changes in between.
const MOST_SEARCHES: usize = 3;

/// Erases a person: their distribution ends, what waits to be sent to or about them is not sent, and their names, numbers, ids and
/// words are gone from every table, in one transaction. Their agents are asked to delete the chat. See [`KEPT`](super::KEPT) for
/// what stays. A second call does no harm.
///
/// Fails with `Invalid` if the number is the company's or an agent's or the reason is not 1 to 500 characters, with `NotFound` if
/// there is no such lead, and with the conflict `still_arriving` while a delivery that names the person is not handled, or while
/// their name or number changes.
pub async fn erase(app: &App, by: &Actor, sought: &Sought, reason: &str) -> Result<Erased> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(Error::invalid("reason", "must be 1 to 500 characters"));
    }
    let app = app.announcing();
    for _ in 0..MOST_SEARCHES {
        let searched = Searched::of(&app, sought).await?;
        if let Some(erased) = erase_searched(&app, by, (sought, &searched), reason).await? {
            return Ok(erased);
        }
    }
    Err(Error::Clash {
        code: "still_arriving",
        detail: "the person's name or number changes at this moment; try again".to_owned(),
    })
}

/// A person, and the rows of others that may name them. The search reads whole tables, so it comes before anything is locked: a
/// message of the person does not wait for it.
struct Searched {
    person: Person,
    messages: Named,
    deliveries: Candidates,
}

impl Searched {
    async fn of(app: &App, sought: &Sought) -> Result<Self> {
        let mut connection = app.pool.acquire().await?;
        let person = find(app, &mut connection, sought).await?;
        let now = app.clock.now(&mut connection).await?;
        let people = std::slice::from_ref(&person);
        Ok(Self {
            messages: whatsapp::search(&mut connection, people, now).await?,
            deliveries: meta::search(&mut connection, &person, now).await?,
            person,
        })
    }
}

/// Returns `None` if the person has other names or numbers than were searched for. Then nothing is changed.
async fn erase_searched(
    app: &App,
    by: &Actor,
    (sought, searched): (&Sought, &Searched),
    reason: &str,
) -> Result<Option<Erased>> {
    let mut transaction = app.begin().await?;
    // Handlers take what was received first, and then the leads.
    let person = find(app, &mut transaction, sought).await?;
    let now = app.clock.now(&mut transaction).await?;
    let unhandled = distribution::forget_received(&mut transaction, &person, now).await?;
    let list_rows = lead_lists::erase_person(&mut transaction, &person).await?;
    // What was being handled until now can have made a lead.
    let person = lock(app, &mut transaction, sought).await?;
    if !person.is_found_by(&searched.person) {
        return Ok(None);
    }
    let mut work = UnitOfWork::start(app, &mut transaction, Cause::Admin).await?;
    let mut agents = BTreeSet::new();
    for lead in &person.leads {
        let lead = leads::by_id(work.connection, *lead).await?;
        agents.extend(distribution::stop_for_erasure(&mut work, &lead).await?);
    }
    let (forms, deliveries) =
        meta::erase_person(work.connection, &person, &searched.deliveries).await?;
    let blocks = contacts::erase_person(work.connection, &person).await?;
    let rest = forget(work.connection, &person, &searched.messages, work.now).await?;
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
    Ok(Some(erased))
}
