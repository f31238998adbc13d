//! SQL of users and sessions.

use super::model::{
    Account, AccountChange, Change, Credential, NewUser, Profile, Role, Session, User,
};
use crate::Result;
use crate::id::UserId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

pub(super) async fn user(connection: &mut PgConnection, id: &UserId) -> Result<Option<User>> {
    Ok(sqlx::query_as!(
        User,
        r#"select id as "id: UserId", name, email, email_verified, image, phone, role as "role: Role",
                  created_at, updated_at
           from "user" where id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?)
}

/// The user with this email, with their password's hash if they have one. Rows of the previous server can have capitals.
pub(super) async fn user_with_password(
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

pub(super) async fn password(connection: &mut PgConnection, id: &UserId) -> Result<Option<String>> {
    let password = sqlx::query_scalar!(
        "select password from account where user_id = $1 and provider_id = 'credential' order by created_at limit 1",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(password.flatten())
}

/// Returns `false` if the email is taken.
pub(super) async fn insert_user(
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

pub(super) async fn insert_credential(
    connection: &mut PgConnection,
    id: &str,
    user: &UserId,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into account (id, account_id, provider_id, user_id, password, created_at, updated_at)
         values ($1, $2, 'credential', $2, $3, $4, $4)",
        id,
        user.0,
        hash,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_password(
    connection: &mut PgConnection,
    user: &UserId,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update account set password = $2, updated_at = $3 where user_id = $1 and provider_id = 'credential'",
        user.0,
        hash,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_session(connection: &mut PgConnection, session: &Session) -> Result<()> {
    sqlx::query!(
        "insert into session (id, expires_at, token, created_at, updated_at, ip_address, user_agent, user_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        session.id,
        session.expires_at,
        session.token,
        session.created_at,
        session.updated_at,
        session.ip_address,
        session.user_agent,
        session.user_id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn session(
    connection: &mut PgConnection,
    token: &str,
) -> Result<Option<(Session, User)>> {
    let session = sqlx::query_as!(
        Session,
        r#"select id, token, expires_at, created_at, updated_at, coalesce(ip_address, '') as "ip_address!",
                  coalesce(user_agent, '') as "user_agent!", user_id as "user_id: UserId"
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

pub(super) async fn sessions(
    connection: &mut PgConnection,
    user: &UserId,
    now: DateTime<Utc>,
) -> Result<Vec<Session>> {
    Ok(sqlx::query_as!(
        Session,
        r#"select id, token, expires_at, created_at, updated_at, coalesce(ip_address, '') as "ip_address!",
                  coalesce(user_agent, '') as "user_agent!", user_id as "user_id: UserId"
           from session where user_id = $1 and expires_at > $2 order by created_at, id"#,
        user.0,
        now
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn renew_session(connection: &mut PgConnection, session: &Session) -> Result<()> {
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

pub(super) async fn delete_session(connection: &mut PgConnection, token: &str) -> Result<()> {
    sqlx::query!("delete from session where token = $1", token)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes one session of the user (`only`), or all of them except the session `but`.
pub(super) async fn delete_sessions(
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

pub(super) async fn update_profile(
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

pub(super) async fn credentials(
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

pub(super) async fn accounts(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<Account>> {
    let rows = sqlx::query!(
        r#"select id as "id: UserId", name, email, email_verified, image, phone, role as "role: Role",
                  created_at, updated_at, disabled_at,
                  (select count(*) from session s where s.user_id = u.id and s.expires_at > $1) as "sessions!"
           from "user" u order by name, id"#,
        now
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Account {
            user: User {
                id: row.id,
                name: row.name,
                email: row.email,
                email_verified: row.email_verified,
                image: row.image,
                phone: row.phone,
                role: row.role,
                created_at: row.created_at,
                updated_at: row.updated_at,
            },
            disabled_at: row.disabled_at,
            sessions: row.sessions,
        })
        .collect())
}

/// Whether the user has an open lead, a booked visit, an open offer, a place in a queue or in a lead's round, or leads that are
/// about to come.
pub(super) async fn has_work(connection: &mut PgConnection, id: &UserId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from sales_queue where sales_id = $1)
                  or exists (select from distribution_attempt where sales_id = $1 and status = 'open')
                  or exists (select from distribution_cycle_member m join distribution_cycle c on c.id = m.cycle_id
                             where m.sales_id = $1 and c.status in ('open', 'held'))
                  or exists (select from appointment where sales_id = $1 and status = 'booked' and starts_at > clock_timestamp())
                  or exists (select from bulk_assignment where sales_id = $1 and ended_at is null and cancelled_at is null)
                  or exists (select from lead_list_row where owner_id = $1 and state = 'ready')
                  or exists (select from lead where owner_sales_id = $1 and lead_is_open(status, progress)) as "has!""#,
        id.0
    )
    .fetch_one(connection)
    .await?)
}

/// Locks the admins, so that two admins who remove each other's role at once cannot both succeed.
pub(super) async fn lock_admins(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!(r#"select id from "user" where role = 'admin' order by id for no key update"#)
        .fetch_all(connection)
        .await?;
    Ok(())
}

/// How many other admins there are.
pub(super) async fn other_admins(connection: &mut PgConnection, id: &UserId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from "user" where role = 'admin' and disabled_at is null and id <> $1"#,
        id.0
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn change_account(
    connection: &mut PgConnection,
    id: &UserId,
    change: &AccountChange,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        r#"update "user" set name = coalesce($2, name), role = coalesce($3, role),
               disabled_at = case when $4::bool then coalesce(disabled_at, $5::timestamptz)
                                  when not $4::bool then null else disabled_at end,
               updated_at = $5
           where id = $1"#,
        id.0,
        change.name,
        change.role.map(Role::as_str),
        change.disabled,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What becomes of the leads of a disabled agent.
pub(super) struct NewHandover<'a> {
    pub(super) id: Uuid,
    pub(super) agent: &'a UserId,
    /// `list`, `colleague` or `distribute`.
    pub(super) leads: &'a str,
    pub(super) to: Option<&'a UserId>,
    /// The admin.
    pub(super) by: &'a UserId,
}

pub(super) async fn insert_handover(
    connection: &mut PgConnection,
    new: &NewHandover<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into agent_handover (id, agent_id, leads, to_agent, by_user, begun_at)
         values ($1, $2, $3, $4, $5, $6)",
        new.id,
        new.agent.0,
        new.leads,
        new.to.map(|to| to.0.as_str()),
        new.by.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_or_insert_password(
    connection: &mut PgConnection,
    id: &str,
    user: &UserId,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let updated = sqlx::query!(
        "update account set password = $2, updated_at = $3 where user_id = $1 and provider_id = 'credential'",
        user.0,
        hash,
        now
    )
    .execute(&mut *connection)
    .await?;
    if updated.rows_affected() == 0 {
        insert_credential(connection, id, user, hash, now).await?;
    }
    Ok(())
}

/// Whether a user is disabled.
pub(super) async fn is_disabled(connection: &mut PgConnection, id: &UserId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select disabled_at is not null as "disabled!" from "user" where id = $1"#,
        id.0
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn valid_sessions(
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
pub(super) async fn delete_ended(connection: &mut PgConnection) -> Result<u64> {
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
