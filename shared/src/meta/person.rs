//! One person's forms and deliveries, shown and erased.

use super::store;
use crate::leads::Person;
use crate::{Error, Result};
use serde_json::Value;
use sqlx::PgConnection;

/// The rows of a person's forms, with what they agreed to, and deliveries that name them, as JSON by table.
pub(crate) async fn person_rows(connection: &mut PgConnection, person: &Person) -> Result<Value> {
    store::person_rows(connection, person).await
}

/// Erases a person's answers and the deliveries that name them. Returns how many forms and deliveries.
///
/// Fails with the conflict `still_arriving` while a delivery that names them is not handled yet: it would bring them back.
pub(crate) async fn erase_person(
    connection: &mut PgConnection,
    person: &Person,
) -> Result<(u64, u64)> {
    if store::is_arriving(connection, person).await? {
        return Err(Error::Conflict {
            code: "still_arriving",
        });
    }
    store::erase_person(connection, person).await
}
