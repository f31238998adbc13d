//! SQL of what an admin does with users.

use crate::Result;
use crate::auth::model::{Account, AccountChange, Role, User};
use crate::auth::password::New;
use crate::id::UserId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub(in crate::auth) async fn accounts(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<Account>> {
    let rows = sqlx::query!(
        r#"select id as "id: UserId", name, email, email_verified, image, phone, role as "role: Role",
                  two_factor_enabled, created_at, updated_at, disabled_at,
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
                two_factor_enabled: row.two_factor_enabled,
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
pub(in crate::auth) async fn has_work(connection: &mut PgConnection, id: &UserId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from sales_queue where sales_id = $1)
                  or exists (select from distribution_attempt where sales_id = $1 and closed_at is null)
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
pub(in crate::auth) async fn lock_admins(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!(r#"select id from "user" where role = 'admin' order by id for no key update"#)
        .fetch_all(connection)
        .await?;
    Ok(())
}

/// How many other admins there are.
pub(in crate::auth) async fn other_admins(
    connection: &mut PgConnection,
    id: &UserId,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from "user" where role = 'admin' and disabled_at is null and id <> $1"#,
        id.0
    )
    .fetch_one(connection)
    .await?)
}

pub(in crate::auth) async fn change_account(
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
pub(in crate::auth) struct NewHandover<'a> {
    pub(in crate::auth) id: Uuid,
    pub(in crate::auth) agent: &'a UserId,
    /// `list`, `colleague` or `distribute`.
    pub(in crate::auth) leads: &'a str,
    pub(in crate::auth) to: Option<&'a UserId>,
    /// The admin.
    pub(in crate::auth) by: &'a UserId,
}

pub(in crate::auth) async fn insert_handover(
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

/// Ends the handovers of a disabled agent that are not done: they were enabled again, or an admin has chosen anew.
pub(in crate::auth) async fn end_handovers(
    connection: &mut PgConnection,
    agent: &UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update agent_handover set ended_at = $2 where agent_id = $1 and ended_at is null and not of_desk",
        agent.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::auth) async fn insert_credential(
    connection: &mut PgConnection,
    id: &str,
    user: &UserId,
    new: &New,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into account (id, account_id, provider_id, user_id, password, fits_admins, created_at, updated_at)
         values ($1, $2, 'credential', $2, $3, $4, $5, $5)",
        id,
        user.0,
        new.hash,
        new.fits_admins,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::auth) async fn set_or_insert_password(
    connection: &mut PgConnection,
    id: &str,
    user: &UserId,
    new: &New,
    now: DateTime<Utc>,
) -> Result<()> {
    if !set_password(connection, user, new, now).await? {
        insert_credential(connection, id, user, new, now).await?;
    }
    Ok(())
}

/// Returns `false` if the user has no password that could be replaced.
pub(in crate::auth) async fn set_password(
    connection: &mut PgConnection,
    user: &UserId,
    new: &New,
    now: DateTime<Utc>,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update account set password = $2, fits_admins = $3, updated_at = $4
         where user_id = $1 and provider_id = 'credential'",
        user.0,
        new.hash,
        new.fits_admins,
        now
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() > 0)
}

/// Whether the user has a password that is not known to pass the rule of admins and operators.
pub(in crate::auth) async fn has_password_of_agents(
    connection: &mut PgConnection,
    user: &UserId,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from account
                          where user_id = $1 and provider_id = 'credential' and password is not null
                            and not fits_admins) as "has!""#,
        user.0
    )
    .fetch_one(connection)
    .await?)
}
