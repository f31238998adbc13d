//! Setting an app up, and giving it up.

use super::codes;
use super::keys::Keys;
use super::model::{Answer, Refused, Row, Setup};
use super::store;
use crate::auth::begin::{begin_session_in, opaque};
use crate::auth::model::{Client, Session, User};
use crate::auth::store as users;
use crate::id::UserId;
use crate::{App, Error, Result};
use sqlx::PgConnection;

/// What an app shows above the codes, if the page names nothing else.
pub const ISSUER: &str = "Property Lounge";

/// Makes a secret and backup codes for the user's app. They count once [`prove`] has seen a code of it; until then they can be
/// made again.
pub async fn set_up(app: &App, keys: &Keys, user: &User, issuer: &str) -> Answer<Setup> {
    let mut transaction = app.begin().await?;
    let row = store::row(&mut transaction, &user.id).await?;
    if row.is_some_and(|row| row.verified) {
        return Ok(Err(Refused::AlreadyEnabled));
    }
    let (secret, backup_codes) = (codes::new_secret(), codes::new_backup_codes());
    let sealed = (keys.seal(&secret), sealed_codes(keys, &backup_codes));
    let id = opaque();
    store::write(&mut transaction, &id, &user.id, (&sealed.0, &sealed.1)).await?;
    transaction.commit().await?;
    Ok(Ok(Setup {
        address: codes::address(&secret, issuer, &user.email).unwrap_or_default(),
        backup_codes,
    }))
}

/// What the user's app reads from a QR code, once the app is proven. Before that only the answer of [`set_up`] has it: somebody else
/// who has the password would read the secret that the user is about to scan.
pub async fn address(app: &App, keys: &Keys, user: &User) -> Answer<String> {
    let mut transaction = app.begin().await?;
    let row = store::row(&mut transaction, &user.id).await?;
    let Some(row) = row.filter(|row| row.verified) else {
        return Ok(Err(Refused::NotEnabled));
    };
    let address = |secret: String| codes::address(&secret, ISSUER, &user.email);
    Ok(secret_of(keys, &row).and_then(|secret| address(secret).ok_or(Refused::Unreadable)))
}

/// New backup codes; the former ones no longer count.
pub async fn renew_backup_codes(app: &App, keys: &Keys, user: &User) -> Answer<Vec<String>> {
    let mut transaction = app.begin().await?;
    let Some(row) = store::row(&mut transaction, &user.id).await? else {
        return Ok(Err(Refused::NotEnabled));
    };
    let backup_codes = codes::new_backup_codes();
    let sealed = sealed_codes(keys, &backup_codes);
    store::set_backup_codes(&mut transaction, &row.id, &sealed).await?;
    transaction.commit().await?;
    Ok(Ok(backup_codes))
}

/// Takes a code from a user who is signed in. The first right one proves the app: from now on the sign-in asks for a code,
/// every session of the user ends, and the returned one begins. Later ones change nothing.
pub async fn prove(
    app: &App,
    keys: &Keys,
    (user, client): (&User, &Client),
    code: &str,
    remember: bool,
) -> Answer<Option<Session>> {
    let mut transaction = app.begin().await?;
    users::lock_user(&mut transaction, &user.id).await?;
    let now = app.clock.now(&mut transaction).await?;
    let Some(row) = store::row(&mut transaction, &user.id).await? else {
        return Ok(Err(Refused::NotEnabled));
    };
    let secret = match secret_of(keys, &row) {
        Ok(secret) => secret,
        Err(refused) => return Ok(Err(refused)),
    };
    let Some(step) = codes::period_of_code(&secret, code, now) else {
        return Ok(Err(Refused::WrongCode));
    };
    if row.verified {
        return Ok(Ok(None));
    }
    store::accept_code(&mut transaction, &row.id, step).await?;
    store::set_enabled(&mut transaction, &user.id, true, now).await?;
    users::delete_sessions(&mut transaction, &user.id, None, None).await?;
    let session = begin_session_in(&mut transaction, (&user.id, client), remember, now).await?;
    transaction.commit().await?;
    Ok(Ok(Some(session)))
}

/// The sign-in asks for no code any more. The session that is given ends, and the returned one begins; `None` if it has ended
/// meanwhile.
pub async fn give_up(
    app: &App,
    session: &Session,
    client: &Client,
    remember: bool,
) -> Result<Option<Session>> {
    let user = &session.user_id;
    let mut transaction = app.begin().await?;
    if !users::lock_session(&mut transaction, session).await? {
        return Ok(None);
    }
    let now = app.clock.now(&mut transaction).await?;
    forget(&mut transaction, user, now).await?;
    users::delete_session(&mut transaction, &session.token).await?;
    let session = begin_session_in(&mut transaction, (user, client), remember, now).await?;
    transaction.commit().await?;
    Ok(Some(session))
}

/// For a user who lost the phone and the backup codes: the sign-in asks for no code, and every session ends. Fails if there is no
/// such user.
pub async fn reset(app: &App, user: &UserId) -> Result<()> {
    let mut transaction = app.begin().await?;
    if users::user(&mut transaction, user).await?.is_none() {
        return Err(Error::NotFound { what: "user" });
    }
    let now = app.clock.now(&mut transaction).await?;
    forget(&mut transaction, user, now).await?;
    users::delete_sessions(&mut transaction, user, None, None).await?;
    Ok(transaction.commit().await?)
}

async fn forget(
    connection: &mut PgConnection,
    user: &UserId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    // A sign-in that completes locks what it waits for first, then the app.
    users::lock_user(connection, user).await?;
    store::delete_sign_ins(connection, user).await?;
    store::delete(connection, user).await?;
    store::set_enabled(connection, user, false, now).await
}

/// The secret of the user's app.
pub(super) fn secret_of(keys: &Keys, row: &Row) -> std::result::Result<String, Refused> {
    let opened = keys.open(&row.secret).ok_or(Refused::Unreadable)?;
    Ok(opened.text)
}

pub(super) fn codes_of(keys: &Keys, row: &Row) -> std::result::Result<Vec<String>, Refused> {
    let opened = keys.open(&row.backup_codes).ok_or(Refused::Unreadable)?;
    serde_json::from_str(&opened.text).map_err(|_| Refused::Unreadable)
}

/// Backup codes as they are stored.
pub(super) fn sealed_codes(keys: &Keys, codes: &[String]) -> String {
    keys.seal(&serde_json::json!(codes).to_string())
}
