//! SQL of two-factor sign-in: `two_factor`, and better-auth's `verification` for what ends by itself.

use super::model::Row;
use crate::Result;
use crate::id::UserId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The user's row, locked: codes that come at one instant are checked one after the other.
pub(super) async fn row(connection: &mut PgConnection, user: &UserId) -> Result<Option<Row>> {
    Ok(sqlx::query_as!(
        Row,
        "select id, secret, backup_codes, verified, failed_verification_count as failures, locked_until, last_step
         from two_factor where user_id = $1 for update",
        user.0
    )
    .fetch_optional(connection)
    .await?)
}

/// Writes an unproven secret. It replaces an unproven one, and never a proven one.
pub(super) async fn write(
    connection: &mut PgConnection,
    id: &str,
    user: &UserId,
    (secret, backup_codes): (&str, &str),
) -> Result<()> {
    sqlx::query!(
        "insert into two_factor (id, secret, backup_codes, user_id, verified) values ($1, $2, $3, $4, false)
         on conflict (user_id) do update
         set secret = excluded.secret, backup_codes = excluded.backup_codes, last_step = null where not two_factor.verified",
        id,
        secret,
        backup_codes,
        user.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_backup_codes(
    connection: &mut PgConnection,
    id: &str,
    backup_codes: &str,
) -> Result<()> {
    sqlx::query!(
        "update two_factor set backup_codes = $2 where id = $1",
        id,
        backup_codes
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A code of the app was right: its period is used up, and the app is proven.
pub(super) async fn accept_code(connection: &mut PgConnection, id: &str, step: i64) -> Result<()> {
    sqlx::query!(
        "update two_factor set last_step = $2, verified = true where id = $1",
        id,
        step
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many wrong codes in a row there are, and until when none is accepted.
pub(super) async fn set_failures(
    connection: &mut PgConnection,
    id: &str,
    failures: i32,
    locked_until: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "update two_factor set failed_verification_count = $2, locked_until = $3 where id = $1",
        id,
        failures,
        locked_until
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Says whether the user's sign-in asks for a code.
pub(super) async fn set_enabled(
    connection: &mut PgConnection,
    user: &UserId,
    enabled: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        r#"update "user" set two_factor_enabled = $2, updated_at = $3 where id = $1"#,
        user.0,
        enabled,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn delete(connection: &mut PgConnection, user: &UserId) -> Result<()> {
    sqlx::query!("delete from two_factor where user_id = $1", user.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn insert_verification(
    connection: &mut PgConnection,
    (id, identifier): (&str, &str),
    value: &str,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    sqlx::query!(
        "insert into verification (id, identifier, value, expires_at, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
        id,
        identifier,
        value,
        expires_at,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The value of a verification that has not ended, locked, with the end.
pub(super) async fn verification(
    connection: &mut PgConnection,
    identifier: &str,
    now: DateTime<Utc>,
) -> Result<Option<(String, DateTime<Utc>)>> {
    let row = sqlx::query!(
        "select value, expires_at from verification where identifier = $1 and expires_at > $2
         order by created_at desc limit 1 for update",
        identifier,
        now
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.value, row.expires_at)))
}

pub(super) async fn set_verification(
    connection: &mut PgConnection,
    identifier: &str,
    value: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update verification set value = $2, updated_at = $3 where identifier = $1",
        identifier,
        value,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The value of a verification, which can have ended. Locks nothing.
pub(super) async fn value_of(
    connection: &mut PgConnection,
    identifier: &str,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "select value from verification where identifier = $1 order by created_at desc limit 1",
        identifier
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn delete_verifications(
    connection: &mut PgConnection,
    identifiers: &[String],
) -> Result<()> {
    sqlx::query!(
        "delete from verification where identifier = any($1)",
        identifiers
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the devices that the user trusts, and sign-ins that wait for a code. The table is small: a worker deletes what ended.
pub(super) async fn delete_sign_ins(connection: &mut PgConnection, user: &UserId) -> Result<()> {
    sqlx::query!(
        "delete from verification where value = $1 and (identifier like 'trust-device-%' or identifier like '2fa-%')",
        user.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Every row's id, secret and backup codes.
pub(super) async fn sealed(connection: &mut PgConnection) -> Result<Vec<(String, String, String)>> {
    let rows = sqlx::query!("select id, secret, backup_codes from two_factor order by id")
        .fetch_all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.secret, row.backup_codes))
        .collect())
}

/// Replaces what an old secret encrypted, unless it changed since it was read.
pub(super) async fn seal_again(
    connection: &mut PgConnection,
    id: &str,
    old: (&str, &str),
    new: (&str, &str),
) -> Result<bool> {
    let updated = sqlx::query!(
        "update two_factor set secret = $4, backup_codes = $5 where id = $1 and secret = $2 and backup_codes = $3",
        id,
        old.0,
        old.1,
        new.0,
        new.1
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}
