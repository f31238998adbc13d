//! Who is sought.

use super::model::Sought;
use crate::leads::{self, Person};
use crate::{App, Error, Result, sales};
use sqlx::PgConnection;

/// The person. Locks nothing.
pub(super) async fn find(
    app: &App,
    connection: &mut PgConnection,
    sought: &Sought,
) -> Result<Person> {
    let person = match sought {
        Sought::Phone(phone) => leads::person_of(connection, phone).await?,
        Sought::Lead(lead) => leads::person_of_lead(connection, *lead).await?,
    };
    without_ours(app, connection, sought, person).await
}

/// The person, with their leads locked.
pub(super) async fn lock(
    app: &App,
    connection: &mut PgConnection,
    sought: &Sought,
) -> Result<Person> {
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
pub(super) fn remove(person: &mut Person, ours: &[String]) {
    person
        .addresses
        .retain(|address| !ours.iter().any(|our| our == address.as_str()));
}
