//! Users, sessions and passwords, in better-auth's tables, so that the accounts and sessions of the
//! previous server continue to work.

mod begin;
mod model;
mod store;
mod strength;
mod tries;
mod users;

pub mod password;
pub mod two_factor;

pub use begin::begin_session;
pub use model::{
    Account, AccountChange, Begun, Change, Checked, Client, Credential, LeadsOfDisabled, NewUser,
    Profile, Role, SESSION_LASTS, Session, User,
};
pub use strength::{Weak, check as check_password, strength_of_secret};
pub(crate) use tries::user_of_email;
pub use tries::{Later, forget_tries, try_account};
pub use users::{LONGEST_NAME, accounts, add_account, change_account, reset_password};

use crate::id::UserId;
use crate::phone::Phone;
use crate::{App, Error, Result, leads};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;

/// A session is not renewed again within this time after a renewal (better-auth's `updateAge`).
const RENEWED_AFTER: TimeDelta = TimeDelta::days(1);
/// How long the password that a user gave lets them do what needs it again.
pub const CONFIRMED_LASTS: TimeDelta = TimeDelta::minutes(15);

/// The user with this email and password. Returns `None` if one of them is wrong; both take the same time. Fails with the
/// conflict `user_disabled` if the password is right and the user is disabled.
pub async fn user_with_password(app: &App, email: &str, given: &str) -> Result<Option<Checked>> {
    let mut connection = app.pool.acquire().await?;
    let known = store::user_with_password(&mut connection, email).await?;
    drop(connection);
    let Some((user, Some(hash))) = known else {
        password::verify_nothing(given).await?;
        return Ok(None);
    };
    if !password::verify(hash.clone(), given.to_owned()).await? {
        return Ok(None);
    }
    let mut connection = app.pool.acquire().await?;
    if store::is_disabled(&mut connection, &user.id).await? {
        return Err(Error::Conflict {
            code: "user_disabled",
        });
    }
    Ok(Some(Checked { user, hash }))
}

/// Creates a user with a password and signs them in. Fails with the conflict `user_exists` if the
/// email is taken.
pub async fn sign_up(
    app: &App,
    new: &NewUser,
    client: &Client,
    remember: bool,
) -> Result<(Session, User)> {
    let new = create(app, new).await?;
    match begin_session(app, &new, client, remember, false).await? {
        Begun::Session(session) => Ok((session, new.user)),
        // A new user has no app; somebody disabled them at once.
        Begun::AsksForCode | Begun::NotAnyMore => Err(Error::NotFound { what: "user" }),
    }
}

/// Creates a user with a password. Fails with the conflict `user_exists` if the email is taken, and with
/// `number_of_a_lead` if a client has the number.
pub async fn create_user(app: &App, new: &NewUser) -> Result<User> {
    Ok(create(app, new).await?.user)
}

async fn create(app: &App, new: &NewUser) -> Result<Checked> {
    let password = password::New::of(&new.password, &[&new.name, &new.email]).await?;
    let mut transaction = app.begin().await?;
    if let Some(phone) = new.phone.as_deref().and_then(Phone::from_e164) {
        leads::refuse_number_of_a_lead(&mut transaction, &phone).await?;
    }
    let now = app.clock.now(&mut transaction).await?;
    let id = UserId(begin::opaque());
    if !store::insert_user(&mut transaction, &id, new, now).await? {
        return Err(Error::Conflict {
            code: "user_exists",
        });
    }
    store::insert_credential(&mut transaction, &begin::opaque(), &id, &password, now).await?;
    let user = store::user(&mut transaction, &id).await?;
    transaction.commit().await?;
    let user = user.ok_or(Error::NotFound { what: "user" })?;
    Ok(Checked {
        user,
        hash: password.hash,
    })
}

/// Whether a session's token is valid.
#[derive(Clone, Debug)]
pub enum Found {
    /// The session is valid.
    Good {
        /// The session.
        session: Box<Session>,
        /// The session's user.
        user: Box<User>,
        /// Whether this request renewed it, so that its cookie must be sent again.
        renewed: bool,
        /// Until when the user can do what needs their password again; `None` if they must give it first.
        confirmed_until: Option<DateTime<Utc>>,
    },
    /// The session has ended or does not exist.
    Nothing,
}

/// Finds the session of a token. With `renew`, renews it at most once a day.
pub async fn session(app: &App, token: &str, renew: bool) -> Result<Found> {
    let mut connection = app.pool.acquire().await?;
    let Some((mut session, user)) = store::session(&mut connection, token).await? else {
        return Ok(Found::Nothing);
    };
    let now = app.clock.now(&mut connection).await?;
    if session.expires_at <= now {
        store::delete_session(&mut connection, token).await?;
        return Ok(Found::Nothing);
    }
    // A session that ends with the browser is never renewed, also if the request lacks the cookie that says so.
    let is_remembered = session.expires_at - session.updated_at > begin::UNREMEMBERED_LASTS;
    let renewed =
        renew && is_remembered && session.expires_at - SESSION_LASTS + RENEWED_AFTER <= now;
    if renewed {
        session.expires_at = now + SESSION_LASTS;
        session.updated_at = now;
        store::renew_session(&mut connection, &session).await?;
    }
    let confirmed_until = session.confirmed_at.map(|at| at + CONFIRMED_LASTS);
    Ok(Found::Good {
        confirmed_until: confirmed_until.filter(|until| *until > now),
        session: Box::new(session),
        user: Box::new(user),
        renewed,
    })
}

/// Whether this is the user's password.
pub async fn is_password_of(app: &App, user: &UserId, given: &str) -> Result<bool> {
    let mut connection = app.pool.acquire().await?;
    let stored = store::password(&mut connection, user).await?;
    drop(connection);
    match stored {
        Some(stored) => password::verify(stored, given.to_owned()).await,
        None => Ok(false),
    }
}

/// The user gives their password again, in this session. Returns until when it counts; `None` if it is wrong.
pub async fn confirm(
    app: &App,
    user: &UserId,
    session: &str,
    given: &str,
) -> Result<Option<DateTime<Utc>>> {
    if !is_password_of(app, user, given).await? {
        return Ok(None);
    }
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::confirm_session(&mut connection, session, now).await?;
    Ok(Some(now + CONFIRMED_LASTS))
}

/// Which of these sessions have not ended, by id, each with the present role of its user.
pub async fn valid_sessions(app: &App, ids: &[String]) -> Result<HashMap<String, Role>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::valid_sessions(&mut connection, ids, now).await
}

/// Ends a session. Returns whose it was; `None` if there is no such session.
pub async fn sign_out(app: &App, token: &str) -> Result<Option<UserId>> {
    let mut connection = app.pool.acquire().await?;
    store::delete_session(&mut connection, token).await
}

/// The user's sessions that have not ended, oldest first.
pub async fn sessions(app: &App, user: &UserId) -> Result<Vec<Session>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::sessions(&mut connection, user, now).await
}

/// Ends one of the user's own sessions. Another user's token changes nothing.
pub async fn revoke(app: &App, user: &UserId, token: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    store::delete_sessions(&mut connection, user, Some(token), None).await
}

/// Ends all of the user's sessions except one. Without an exception, no device is trusted any more.
pub async fn revoke_all(app: &App, user: &UserId, but: Option<&str>) -> Result<()> {
    let mut transaction = app.begin().await?;
    if but.is_none() {
        end_sign_ins(&mut transaction, user).await?;
    } else {
        store::delete_sessions(&mut transaction, user, None, but).await?;
    }
    Ok(transaction.commit().await?)
}

/// Changes what users can change about themselves. A new phone number does not change the offer address.
pub async fn update_profile(app: &App, user: &UserId, profile: &Profile) -> Result<()> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    store::update_profile(&mut transaction, user, profile, now).await?;
    Ok(transaction.commit().await?)
}

/// The result of a change of password.
#[derive(Clone, Debug)]
pub enum Changed {
    /// The current password is wrong. Nothing changed.
    WrongPassword,
    /// The password changed, and the sessions continue.
    Quietly,
    /// The password changed, every session ended, and this one began.
    With(Session),
}

/// Changes the password of a session's user. With `revoke_others`, every session ends and a new one begins. Returns `None` if the
/// session has ended meanwhile, or the user has become an admin or an operator for whom the new password is too weak.
pub async fn change_password(
    app: &App,
    session: &Session,
    current: &str,
    new: &str,
    revoke_others: Option<&Client>,
) -> Result<Option<Changed>> {
    let user = &session.user_id;
    if !is_password_of(app, user, current).await? {
        return Ok(Some(Changed::WrongPassword));
    }
    let Some(known) = store::user(&mut *app.pool.acquire().await?, user).await? else {
        return Ok(None);
    };
    let new = password::New::of(new, &[&known.name, &known.email]).await?;
    let mut transaction = app.begin().await?;
    if !store::lock_session(&mut transaction, session).await? {
        return Ok(None);
    }
    let known = store::user(&mut transaction, user).await?;
    if known.is_none_or(|known| known.role != Role::Sales && !new.fits_admins) {
        return Ok(None);
    }
    let now = app.clock.now(&mut transaction).await?;
    store::set_password(&mut transaction, user, &new, now).await?;
    let changed = match revoke_others {
        Some(client) => {
            end_sign_ins(&mut transaction, user).await?;
            let who = (user, client);
            let session = begin::begin_session_in(&mut transaction, who, true, now).await?;
            Changed::With(session)
        }
        None => Changed::Quietly,
    };
    transaction.commit().await?;
    Ok(Some(changed))
}

/// Ends every session of the user, sign-ins that wait for a code, and the trust in devices. A sign-in that trusts a device now is
/// finished first.
async fn end_sign_ins(connection: &mut sqlx::PgConnection, user: &UserId) -> Result<()> {
    store::lock_user(connection, user).await?;
    // Before the sessions: a sign-in that completes meanwhile leaves one that is found.
    two_factor::forget_sign_ins(connection, user).await?;
    store::delete_sessions(connection, user, None, None).await
}

/// The accounts of a user.
pub async fn credentials(app: &App, user: &UserId) -> Result<Vec<Credential>> {
    let mut connection = app.pool.acquire().await?;
    store::credentials(&mut connection, user).await
}

/// Deletes a batch of sessions, verifications and counted tries that ended a day ago. Returns how many.
pub async fn prune(connection: &mut sqlx::PgConnection) -> Result<u64> {
    store::delete_ended(connection).await
}

/// A phone number as it is stored: E.164 if it can be parsed, else as the user typed it.
pub fn phone_as_kept(typed: &str) -> String {
    Phone::from_human("phone", typed)
        .map_or_else(|_| typed.trim().to_owned(), |phone| phone.to_string())
}
