//! A sign-in that waits for a code, after the right password.

use super::codes;
use super::keys::Keys;
use super::model::{Answer, Challenge, Code, Entered, NotEntered, Refused, Row, Wish};
use super::setup::{codes_of, sealed_codes, secret_of};
use super::{devices, store};
use crate::auth::begin::{begin_session_in, letters_and_digits, opaque};
use crate::auth::model::{Checked, Client, User};
use crate::auth::store as users;
use crate::id::UserId;
use crate::{App, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// How long a sign-in waits for its code (better-auth's `twoFactorCookieMaxAge`).
pub const CHALLENGE_LASTS: TimeDelta = TimeDelta::minutes(10);
/// So many wrong codes end a sign-in.
const TRIES: i32 = 5;
/// So many wrong codes in a row lock the account (better-auth's `accountLockout`; NIST SP 800-63B, 5.2.2).
const MOST_FAILURES: i32 = 10;
/// For how long, at first. Each further failure doubles it, so that nobody has a hundred guesses in a row.
const LOCKED_FOR: TimeDelta = TimeDelta::minutes(15);
/// For how long at most.
const LOCKED_AT_MOST: TimeDelta = TimeDelta::days(1);

/// Begins to wait for a code of this user, who gave the password. `None` if it was changed since, or the user was disabled.
pub async fn ask(app: &App, checked: &Checked) -> Result<Option<Challenge>> {
    let user = &checked.user.id;
    let mut transaction = app.begin().await?;
    let asks = users::lock_asks_for_code(&mut transaction, user, &checked.hash).await?;
    if asks.is_none() {
        return Ok(None);
    }
    let now = app.clock.now(&mut transaction).await?;
    let id = format!("2fa-{}", letters_and_digits(20));
    let times = (now, now + CHALLENGE_LASTS);
    for (identifier, value) in [(id.clone(), user.0.as_str()), (tries_of(&id), "0")] {
        let row = (opaque(), identifier);
        store::insert_verification(&mut transaction, (&row.0, &row.1), value, times).await?;
    }
    let row = store::row(&mut transaction, user).await?;
    transaction.commit().await?;
    Ok(Some(Challenge {
        id,
        has_app: row.is_some_and(|row| row.verified),
    }))
}

/// Completes the sign-in with a code. A wrong one is counted: five end this sign-in, ten in a row lock the account.
pub async fn enter(
    app: &App,
    keys: &Keys,
    (id, client): (&str, &Client),
    code: Code<'_>,
    wish: Wish,
) -> Result<std::result::Result<Entered, NotEntered>> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let Some(user) = user_of(&mut transaction, id, now).await? else {
        return Ok(Err(NotEntered {
            refused: Refused::NoChallenge,
            user: None,
        }));
    };
    let not_entered = |refused| NotEntered {
        refused,
        user: Some(user.clone()),
    };
    let asked = match asked_in(&mut transaction, &user).await? {
        Ok(asked) => asked,
        Err(refused) => return Ok(Err(not_entered(refused))),
    };
    let tried = try_code(&mut transaction, keys, (id, &asked.1), code, now).await?;
    let entered = match tried {
        Ok(()) => complete(&mut transaction, &asked, (id, client), wish, now).await?,
        Err(refused) => Err(refused),
    };
    // A wrong code is counted, too.
    transaction.commit().await?;
    Ok(entered.map_err(not_entered))
}

/// The user whose sign-in waits for a code under this id. Until the transaction ends nobody ends their sign-ins or forgets their
/// devices: the user is locked before the row, as there.
async fn user_of(
    connection: &mut PgConnection,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<UserId>> {
    let Some(user) = store::value_of(connection, id).await? else {
        return Ok(None);
    };
    let user = UserId(user);
    users::lock_user(connection, &user).await?;
    let waits = store::verification(connection, id, now).await?;
    Ok(waits.is_some().then_some(user))
}

/// A user who is signed in gives a backup code: it is used up.
pub async fn spend(app: &App, keys: &Keys, user: &UserId, code: Code<'_>) -> Answer<()> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let Some(row) = store::row(&mut transaction, user).await? else {
        return Ok(Err(Refused::NotEnabled));
    };
    match is_right(&mut transaction, keys, &row, code, now).await? {
        Ok(true) => {
            transaction.commit().await?;
            Ok(Ok(()))
        }
        Ok(false) => Ok(Err(Refused::WrongCode)),
        Err(refused) => Ok(Err(refused)),
    }
}

async fn asked_in(connection: &mut PgConnection, user: &UserId) -> Answer<(User, Row)> {
    let Some(found) = users::user(connection, user).await? else {
        return Ok(Err(Refused::NoChallenge));
    };
    if users::is_disabled(connection, user).await? {
        return Ok(Err(Refused::Disabled));
    }
    match store::row(connection, user).await? {
        Some(row) => Ok(Ok((found, row))),
        None => Ok(Err(Refused::NotEnabled)),
    }
}

/// Checks a code, and counts it if it is wrong.
async fn try_code(
    connection: &mut PgConnection,
    keys: &Keys,
    (id, row): (&str, &Row),
    code: Code<'_>,
    now: DateTime<Utc>,
) -> Answer<()> {
    if matches!(code, Code::App(_)) && !row.verified {
        return Ok(Err(Refused::NotEnabled));
    }
    if row.locked_until.is_some_and(|until| until > now) {
        return Ok(Err(Refused::Locked));
    }
    let counted = store::verification(connection, &tries_of(id), now).await?;
    let tries = counted.and_then(|(tries, _)| tries.parse::<i32>().ok());
    let tries = tries.unwrap_or(TRIES);
    if tries >= TRIES {
        store::delete_verifications(connection, &[id.to_owned(), tries_of(id)]).await?;
        return Ok(Err(Refused::TooManyTries));
    }
    match is_right(connection, keys, row, code, now).await? {
        Ok(true) => {
            store::set_failures(connection, &row.id, 0, None).await?;
            return Ok(Ok(()));
        }
        Ok(false) => {}
        Err(refused) => return Ok(Err(refused)),
    }
    store::set_verification(connection, &tries_of(id), &(tries + 1).to_string(), now).await?;
    let failures = row.failures.saturating_add(1);
    let locked_until = lock_after(failures).map(|lasts| now + lasts);
    store::set_failures(connection, &row.id, failures, locked_until).await?;
    Ok(Err(Refused::WrongCode))
}

/// Whether the code is right. It is used up.
async fn is_right(
    connection: &mut PgConnection,
    keys: &Keys,
    row: &Row,
    code: Code<'_>,
    now: DateTime<Utc>,
) -> Answer<bool> {
    match code {
        Code::App(given) => {
            let secret = match secret_of(keys, row) {
                Ok(secret) => secret,
                Err(refused) => return Ok(Err(refused)),
            };
            let step = codes::period_of_code(&secret, given, now);
            let fresh = step.filter(|step| row.last_step.is_none_or(|last| *step > last));
            if let Some(step) = fresh {
                store::accept_code(connection, &row.id, step).await?;
            }
            Ok(Ok(fresh.is_some()))
        }
        Code::Backup(given) => {
            let left = match codes_of(keys, row) {
                Ok(codes) => codes::without_backup_code(&codes, given),
                Err(refused) => return Ok(Err(refused)),
            };
            if let Some(left) = &left {
                let sealed = sealed_codes(keys, left);
                store::set_backup_codes(connection, &row.id, &sealed).await?;
            }
            Ok(Ok(left.is_some()))
        }
    }
}

async fn complete(
    connection: &mut PgConnection,
    (user, _): &(User, Row),
    (id, client): (&str, &Client),
    wish: Wish,
    now: DateTime<Utc>,
) -> Answer<Entered> {
    store::delete_verifications(connection, &[id.to_owned(), tries_of(id)]).await?;
    let who = (&user.id, client);
    let session = begin_session_in(connection, who, wish.remember, now).await?;
    let device = if wish.trust {
        Some(devices::trust_in(connection, &user.id, now).await?)
    } else {
        None
    };
    Ok(Ok(Entered {
        session,
        user: user.clone(),
        device,
    }))
}

/// The verification that counts the tries of a sign-in.
fn tries_of(id: &str) -> String {
    format!("2fa-attempts-{id}")
}

/// For how long this many wrong codes in a row lock the account.
fn lock_after(failures: i32) -> Option<TimeDelta> {
    let beyond = failures - MOST_FAILURES;
    (beyond >= 0).then(|| (LOCKED_FOR * (1 << beyond.min(8))).min(LOCKED_AT_MOST))
}

#[cfg(test)]
mod tests {
    use super::lock_after;
    use chrono::TimeDelta;

    #[test]
    fn ten_wrong_codes_lock_for_a_quarter_of_an_hour_and_further_ones_for_up_to_a_day() {
        let minutes = |failures| lock_after(failures).map(|lasts| lasts.num_minutes());
        assert_eq!(
            [9, 10, 11, 12].map(minutes),
            [None, Some(15), Some(30), Some(60)]
        );
        assert_eq!(lock_after(i32::MAX), Some(TimeDelta::days(1)));
    }
}
