//! Wrong passwords of one account: after a few, each next try waits longer, from wherever it comes.

mod store;

use crate::id::UserId;
use crate::{App, Result};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;

/// So many tries need no wait. A person mistypes a few times.
const FREE: i32 = 5;
/// The wait after the last free try, in seconds. It doubles with every further one.
const FIRST_WAIT: i32 = 2;
/// The longest wait, in seconds: a stranger who guesses cannot keep the owner out for longer.
const LONGEST_WAIT: i32 = 900;
/// After an hour without a try, earlier ones are forgotten.
const FORGOTTEN_AFTER: PgInterval = PgInterval {
    months: 0,
    days: 0,
    microseconds: 3_600_000_000,
};

/// The account takes no try for so many seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Later(pub u64);

/// Counts a try of a password before it is checked, so that guesses at one instant count, too. `Err`: none is accepted now.
/// Call [`forget_tries`] after the right password.
pub async fn try_account(app: &App, email: &str) -> Result<std::result::Result<(), Later>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let account = account(&mut connection, email).await?;
    let waits: Vec<i32> = (1..=FREE + 16).map(wait_after).collect();
    let until = store::count(&mut connection, &account, &waits, now, FORGOTTEN_AFTER).await?;
    Ok(match until {
        None => Ok(()),
        Some(until) => {
            let left = (until - now).num_milliseconds().max(1);
            Err(Later(left.unsigned_abs().div_ceil(1000)))
        }
    })
}

/// The user with this email.
pub(crate) async fn user_of_email(
    connection: &mut PgConnection,
    email: &str,
) -> Result<Option<UserId>> {
    store::user_of_email(connection, email).await
}

/// The password was right.
pub async fn forget_tries(app: &App, email: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let account = account(&mut connection, email).await?;
    store::forget(&mut connection, &account).await
}

/// The user's id, or the digest of an address that nobody has: each has its own tries, as a user has, so that a wait tells nothing.
async fn account(connection: &mut PgConnection, email: &str) -> Result<String> {
    if let Some(user) = store::user_of_email(connection, email).await? {
        return Ok(user.0);
    }
    let digest = Sha256::digest(email.to_lowercase());
    Ok(format!("nobody:{}", hex::encode(digest)))
}

/// How many seconds the next try waits after this many in a row.
fn wait_after(tries: i32) -> i32 {
    let beyond = tries - FREE;
    if beyond < 0 {
        return 0;
    }
    (FIRST_WAIT << beyond.min(16)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::wait_after;

    #[test]
    fn the_wait_grows_from_the_fifth_try_to_a_quarter_of_an_hour() {
        let waits: Vec<i32> = (1..=15).map(wait_after).collect();
        assert_eq!(
            waits,
            [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
        );
    }
}
