//! Devices that a user trusts: they are not asked for a code.

use super::store;
use crate::auth::begin::{letters_and_digits, opaque};
use crate::auth::store as users;
use crate::id::UserId;
use crate::{App, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// How long a device is trusted after its last sign-in (better-auth's `trustDeviceMaxAge`).
pub const TRUST_LASTS: TimeDelta = TimeDelta::days(30);

/// Whether this user trusts the device with this id. If so, its id is replaced: the returned one is trusted for thirty days.
pub async fn trusts(app: &App, user: &UserId, device: &str) -> Result<Option<String>> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    // Who forgets the user's devices meanwhile must see the new one.
    users::lock_user(&mut transaction, user).await?;
    let found = store::verification(&mut transaction, device, now).await?;
    if found.is_none_or(|(owner, _)| owner != user.0) {
        return Ok(None);
    }
    store::delete_verifications(&mut transaction, &[device.to_owned()]).await?;
    let device = trust_in(&mut transaction, user, now).await?;
    transaction.commit().await?;
    Ok(Some(device))
}

/// Trusts a new device. Returns its id.
pub(super) async fn trust_in(
    connection: &mut PgConnection,
    user: &UserId,
    now: DateTime<Utc>,
) -> Result<String> {
    let device = format!("trust-device-{}", letters_and_digits(32));
    let id = opaque();
    let times = (now, now + TRUST_LASTS);
    store::insert_verification(connection, (&id, &device), &user.0, times).await?;
    Ok(device)
}

/// No device of this user is trusted any more, and no sign-in of theirs waits for a code.
pub(in crate::auth) async fn forget_sign_ins(
    connection: &mut PgConnection,
    user: &UserId,
) -> Result<()> {
    store::delete_sign_ins(connection, user).await
}
