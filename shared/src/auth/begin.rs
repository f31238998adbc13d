//! How a session begins.

use super::model::{Begun, Checked, Client, SESSION_LASTS, Session};
use super::store;
use crate::id::UserId;
use crate::{App, Result};
use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use sqlx::PgConnection;

/// How long a session lasts if the user chose not to be remembered. It is never renewed.
pub(super) const UNREMEMBERED_LASTS: TimeDelta = TimeDelta::days(1);

/// Begins a session of a user who gave the password. If their sign-in asks for a code, begins one only with `is_trusted`. Checks
/// both again under a lock: since the first check the user can have set an app up, and somebody can have changed the password.
pub async fn begin_session(
    app: &App,
    checked: &Checked,
    client: &Client,
    remember: bool,
    is_trusted: bool,
) -> Result<Begun> {
    let user = &checked.user.id;
    let mut transaction = app.begin().await?;
    // Waits for a transaction that sets an app up or changes the password, which ends the sessions that it finds.
    match store::lock_asks_for_code(&mut transaction, user, &checked.hash).await? {
        None => return Ok(Begun::NotAnyMore),
        Some(true) if !is_trusted => return Ok(Begun::AsksForCode),
        Some(_) => {}
    }
    let now = app.clock.now(&mut transaction).await?;
    let session = new_session(user, client, remember, now);
    store::insert_session(&mut transaction, &session).await?;
    transaction.commit().await?;
    Ok(Begun::Session(session))
}

/// The same within a transaction.
pub(super) async fn begin_session_in(
    connection: &mut PgConnection,
    (user, client): (&UserId, &Client),
    remember: bool,
    now: DateTime<Utc>,
) -> Result<Session> {
    let session = new_session(user, client, remember, now);
    store::insert_session(connection, &session).await?;
    Ok(session)
}

fn new_session(user: &UserId, client: &Client, remember: bool, now: DateTime<Utc>) -> Session {
    let lasts = if remember {
        SESSION_LASTS
    } else {
        UNREMEMBERED_LASTS
    };
    Session {
        id: opaque(),
        token: opaque(),
        expires_at: now + lasts,
        created_at: now,
        updated_at: now,
        ip_address: client.ip_address.clone(),
        user_agent: client.user_agent.clone(),
        user_id: user.clone(),
        confirmed_at: Some(now),
    }
}

/// 32 random letters and digits, the form of better-auth's ids and tokens.
pub(super) fn opaque() -> String {
    letters_and_digits(32)
}

/// So many random letters and digits.
pub(super) fn letters_and_digits(how_many: usize) -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut random = rand::rng();
    (0..how_many)
        .map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]))
        .collect()
}
