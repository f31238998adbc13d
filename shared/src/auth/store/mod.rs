//! SQL of users and sessions.

mod accounts;

pub(in crate::auth) use accounts::{
    NewHandover, accounts, change_account, end_handovers, has_password_of_agents, has_work,
    insert_credential, insert_handover, lock_admins, other_admins, set_or_insert_password,
    set_password,
};

use super::model::{Change, Credential, NewUser, Profile, Role, Session, User};
use crate::Result;
use crate::id::UserId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;

pub(in crate::auth) async fn user(
    connection: &mut PgConnection,
    id: &UserId,
) -> Result<Option<User>> {
    Ok(sqlx::query_as!(
        User,
        r#"select id as "id: UserId", name, email, email_verified, image, phone, role as "role: Role",
                  two_factor_enabled, created_at, updated_at
           from "user" where id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?)
}

/// The user with this email, with their password's hash if they have one. Rows of the previous server can have capitals.
pub(in crate::auth) async fn user_with_password(
    connection: &mut PgConnection,
    email: &str,
) -> Result<Option<(User, Option<String>)>> {
    let found = sqlx::query_scalar!(
        r#"select id as "id: UserId" from "user" where lower(email) = lower($1) order by email = $1 desc, id limit 1"#,
        email
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(id) = found else { return Ok(None) };
    let hash = password(connection, &id).await?;
    Ok(user(connection, &id).await?.map(|user| (user, hash)))
}

pub(in crate::auth) async fn password(
    connection: &mut PgConnection,
    id: &UserId,
) -> Result<Option<String>> {
    let password = sqlx::query_scalar!(
        "select password from account where user_id = $1 and provider_id = 'credential' order by created_at limit 1",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(password.flatten())
}

/// Returns `false` if the email is taken.
pub(in crate::auth) async fn insert_user(
    connection: &mut PgConnection,
    id: &UserId,
    new: &NewUser,
    now: DateTime<Utc>,
) -> Result<bool> {
    let inserted = sqlx::query!(
        r#"insert into "user" (id, name, email, image, phone, role, created_at, updated_at)
           select $1, $2, $3, $4, $5, $6, $7, $7
           where not exists (select from "user" where lower(email) = $3)
           on conflict on constraint user_email_key do nothing"#,
        id.0,
        new.name,
        new.email.to_lowercase(),
        new.image,
        new.phone,
        new.role.as_str(),
        now
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(in crate::auth) async fn insert_session(
    connection: &mut PgConnection,
    session: &Session,
) -> Result<()> {
    sqlx::query!(
        "insert into session (id, expires_at, token, created_at, updated_at, ip_address, user_agent, user_id, confirmed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        session.id,
        session.expires_at,
        session.token,
        session.created_at,
        session.updated_at,
        session.ip_address,
        session.user_agent,
        session.user_id.0,
        session.confirmed_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::auth) async fn session(
    connection: &mut PgConnection,
    token: &str,
) -> Result<Option<(Session, User)>> {
    let session = sqlx::query_as!(
        Session,
        r#"select id, token, expires_at, created_at, updated_at, coalesce(ip_address, '') as "ip_address!",
                  coalesce(user_agent, '') as "user_agent!", user_id as "user_id: UserId", confirmed_at
           from session s where token = $1
             -- Who is disabled has no session, whatever the table says.
             and not exists (select from "user" u where u.id = s.user_id and u.disabled_at is not null)"#,
        token
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(session) = session else {
        return Ok(None);
    };
    let user = user(connection, &session.user_id).await?;
    Ok(user.map(|user| (session, user)))
}

pub(in crate::auth) async fn sessions(
    connection: &mut PgConnection,
    user: &UserId,
    now: DateTime<Utc>,
) -> Result<Vec<Session>> {
    Ok(sqlx::query_as!(
        Session,
        r#"select id, token, expires_at, created_at, updated_at, coalesce(ip_address, '') as "ip_address!",
                  coalesce(user_agent, '') as "user_agent!", user_id as "user_id: UserId", confirmed_at
           from session where user_id = $1 and expires_at > $2 order by created_at, id"#,
        user.0,
        now
    )
    .fetch_all(connection)
    .await?)
}

pub(in crate::auth) async fn renew_session(
    connection: &mut PgConnection,
    session: &Session,
) -> Result<()> {
    sqlx::query!(
        "update session set expires_at = $2, updated_at = $3 where id = $1",
        session.id,
        session.expires_at,
        session.updated_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::auth) async fn confirm_session(
    connection: &mut PgConnection,
    id: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update session set confirmed_at = $2 where id = $1",
        id,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::auth) async fn delete_session(
    connection: &mut PgConnection,
    token: &str,
) -> Result<Option<UserId>> {
    Ok(sqlx::query_scalar!(
        r#"delete from session where token = $1 returning user_id as "user: UserId""#,
        token
    )
    .fetch_optional(connection)
    .await?)
}

/// Deletes one session of the user (`only`), or all of them except the session `but`.
pub(in crate::auth) async fn delete_sessions(
    connection: &mut PgConnection,
    user: &UserId,
    only: Option<&str>,
    but: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "delete from session
         where user_id = $1 and ($2::text is null or token = $2) and token is distinct from $3",
        user.0,
        only,
        but
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::auth) async fn update_profile(
    connection: &mut PgConnection,
    user: &UserId,
    profile: &Profile,
    now: DateTime<Utc>,
) -> Result<()> {
    // The trigger does not change the offer address here.
    sqlx::query!("select set_config('property_lounge.own_phone', 'on', true)")
        .fetch_one(&mut *connection)
        .await?;
    sqlx::query!(
        r#"update "user" set name = coalesce($2, name),
               image = case when $3 then $4 else image end,
               phone = case when $5 then $6 else phone end, updated_at = $7
           where id = $1"#,
        user.0,
        profile.name,
        profile.image != Change::Keep,
        profile.image.clone().value(),
        profile.phone != Change::Keep,
        profile.phone.clone().value(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::auth) async fn credentials(
    connection: &mut PgConnection,
    user: &UserId,
) -> Result<Vec<Credential>> {
    Ok(sqlx::query_as!(
        Credential,
        r#"select id, account_id, provider_id, user_id as "user_id: UserId", created_at, updated_at
           from account where user_id = $1 order by created_at, id"#,
        user.0
    )
    .fetch_all(connection)
    .await?)
}

/// Whether a user is disabled.
pub(in crate::auth) async fn is_disabled(
    connection: &mut PgConnection,
    id: &UserId,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select disabled_at is not null as "disabled!" from "user" where id = $1"#,
        id.0
    )
    .fetch_one(connection)
    .await?)
}

/// Locks a user, so that no session of theirs begins meanwhile, and the session of the request. Returns `false` if that has ended.
pub(in crate::auth) async fn lock_session(
    connection: &mut PgConnection,
    session: &Session,
) -> Result<bool> {
    lock_user(connection, &session.user_id).await?;
    let found = sqlx::query_scalar!(
        "select id from session where id = $1 and token = $2 for update",
        session.id,
        session.token
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Locks a user, so that no session of theirs begins meanwhile.
pub(in crate::auth) async fn lock_user(connection: &mut PgConnection, id: &UserId) -> Result<()> {
    sqlx::query!(
        r#"select id from "user" where id = $1 for no key update"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(())
}

/// Whether the sign-in of a user with this hash of their password asks for a code. `None` if they have another password by now, or
/// are disabled. Until the transaction ends nobody changes one of these.
pub(in crate::auth) async fn lock_asks_for_code(
    connection: &mut PgConnection,
    id: &UserId,
    hash: &str,
) -> Result<Option<bool>> {
    Ok(sqlx::query_scalar!(
        r#"select u.two_factor_enabled from "user" u
           join account a on a.user_id = u.id and a.provider_id = 'credential'
           where u.id = $1 and a.password = $2 and u.disabled_at is null for share"#,
        id.0,
        hash
    )
    .fetch_optional(connection)
    .await?)
}

pub(in crate::auth) async fn valid_sessions(
    connection: &mut PgConnection,
    ids: &[String],
    now: DateTime<Utc>,
) -> Result<HashMap<String, Role>> {
    let rows = sqlx::query!(
        r#"select s.id, u.role as "role: Role" from session s join "user" u on u.id = s.user_id
           where s.id = any($1) and s.expires_at > $2 and u.disabled_at is null"#,
        ids,
        now
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.role)).collect())
}

/// Sessions and verifications that ended a day ago, and tries to sign in that no longer make anybody wait.
pub(in crate::auth) async fn delete_ended(connection: &mut PgConnection) -> Result<u64> {
    let deleted = sqlx::query!(
        "with sessions as (
             delete from session where id in (
                 select id from session where expires_at < now() - interval '1 day' limit 1000)
             returning id),
         verifications as (
             delete from verification where id in (
                 select id from verification where expires_at < now() - interval '1 day' limit 1000)
             returning id),
         tries as (
             delete from sign_in_try where account in (
                 select account from sign_in_try
                 where blocked_until < now() - interval '1 day' limit 1000)
             returning account)
         select id from sessions union all select id from verifications union all select account from tries"
    )
    .fetch_all(connection)
    .await?;
    Ok(u64::try_from(deleted.len()).unwrap_or(u64::MAX))
}
