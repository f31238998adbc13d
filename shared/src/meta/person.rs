//! One person's forms and deliveries, shown and erased.

use super::store;
use crate::leads::{Candidates, Person};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

/// The rows of a person's forms, with what they agreed to, and deliveries that name them, as JSON by table.
pub(crate) async fn person_rows(connection: &mut PgConnection, person: &Person) -> Result<Value> {
    store::person_rows(connection, person).await
}

/// Searches for deliveries that may name the person. Reads every delivery, and locks nothing.
pub(crate) async fn search(
    connection: &mut PgConnection,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<Candidates> {
    let none = Candidates::none(now);
    Ok(none.with(store::search(connection, person).await?))
}

/// Erases a person's answers and the deliveries that name them, which [`search`] found. Returns how many forms and deliveries.
///
/// Fails with the conflict `still_arriving`, whose detail names the delivery, while a delivery that names them is not handled or
/// has a part that nobody has closed: it would bring them back, or be lost.
pub(crate) async fn erase_person(
    connection: &mut PgConnection,
    person: &Person,
    found: &Candidates,
) -> Result<(u64, u64)> {
    if let Some(delivery) = store::open_delivery(connection, person, found).await? {
        return Err(Error::Clash {
            code: "still_arriving",
            detail: format!(
                "the delivery {delivery} names the person and is not handled; try again, or close its parts first (GET /api/webhooks/unread)"
            ),
        });
    }
    let forms = store::erase_forms(connection, person, true).await?;
    let deliveries = store::delete_deliveries(connection, person, found).await?;
    Ok((forms, deliveries))
}

/// Erases the answers of the forms of a person's leads. Returns how many.
pub(crate) async fn erase_forms(connection: &mut PgConnection, person: &Person) -> Result<u64> {
    store::erase_forms(connection, person, false).await
}
