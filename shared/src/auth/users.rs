//! What an admin does with users.

use super::begin;
use super::model::{Account, AccountChange, LeadsOfDisabled, NewUser, Role, User};
use super::{password, store, strength};
use crate::id::UserId;
use crate::jobs::{HandOver, ReleaseHeldLeads, enqueue};
use crate::{App, Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// All users, sorted by name.
pub async fn accounts(app: &App) -> Result<Vec<Account>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::accounts(&mut connection, now).await
}

/// Creates a user with a password that an admin chose. Fails with the conflict `user_exists` if the
/// email is taken, and with `number_of_a_lead` if a client has the number.
pub async fn add_account(app: &App, new: &NewUser) -> Result<Account> {
    check_name(&new.name)?;
    check_password(&new.password, new.role, &[&new.name, &new.email])?;
    let user = super::create_user(app, new).await?;
    Ok(Account {
        user,
        disabled_at: None,
        sessions: 0,
    })
}

/// Changes a user. A disabled user is signed out everywhere and is offered no more leads; a job moves
/// their offers, leads and visits. Fails with the conflict `last_admin` if no admin would remain, and with
/// `has_leads` if the user has open leads or a place in a queue and would be an operator. Fails with `weak_password` if an agent would
/// get a role for which their password is not known to be strong enough.
pub async fn change_account(
    app: &App,
    by: &UserId,
    id: &UserId,
    change: &AccountChange,
) -> Result<()> {
    if let Some(name) = &change.name {
        check_name(name)?;
    }
    let mut transaction = app.begin().await?;
    store::lock_admins(&mut transaction).await?;
    store::lock_user(&mut transaction, id).await?;
    let user = existing(&mut transaction, id).await?;
    let loses =
        change.role.is_some_and(|role| role != Role::Admin) || change.disabled == Some(true);
    if user.role == Role::Admin && loses && store::other_admins(&mut transaction, id).await? == 0 {
        return Err(Error::Conflict { code: "last_admin" });
    }
    let now = app.clock.now(&mut transaction).await?;
    let was_disabled = store::is_disabled(&mut transaction, id).await?;
    if let Some(role) = change.role {
        check_role(&mut transaction, &user, role).await?;
    }
    store::change_account(&mut transaction, id, change, now).await?;
    match change.disabled {
        Some(true) => {
            super::end_sign_ins(&mut transaction, id).await?;
            if !was_disabled || change.leads.is_some() {
                let leads = change.leads.clone().unwrap_or_default();
                store::end_handovers(&mut transaction, id, now).await?;
                begin_handover(&mut transaction, (by, id), &leads, now).await?;
            }
        }
        Some(false) => {
            store::end_handovers(&mut transaction, id, now).await?;
            enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
        }
        None if change.leads.is_some() => {
            return Err(Error::invalid("leads", "is for a user who is disabled"));
        }
        None => {}
    }
    Ok(transaction.commit().await?)
}

/// Refuses a role that the user cannot have.
async fn check_role(connection: &mut PgConnection, user: &User, role: Role) -> Result<()> {
    // An operator sees no lead, so that nobody would work these.
    if role == Role::Operator && store::has_work(connection, &user.id).await? {
        return Err(Error::Clash {
            code: "has_leads",
            detail: "the user has open leads or a place in a queue; an operator has neither"
                .to_owned(),
        });
    }
    let rises = user.role == Role::Sales && role != Role::Sales;
    if rises && store::has_password_of_agents(connection, &user.id).await? {
        return Err(Error::Clash {
            code: "weak_password",
            detail: "the user's password can be too weak for an admin or an operator: the user or you must first \
                     set one that is harder to guess, of at least 10 characters"
                .to_owned(),
        });
    }
    Ok(())
}

/// Stores what becomes of a disabled agent's leads, and enqueues the job that does it.
async fn begin_handover(
    connection: &mut PgConnection,
    (by, agent): (&UserId, &UserId),
    leads: &LeadsOfDisabled,
    now: DateTime<Utc>,
) -> Result<()> {
    let (name, to) = match leads {
        LeadsOfDisabled::List => ("list", None),
        LeadsOfDisabled::Distribute => ("distribute", None),
        LeadsOfDisabled::Colleague(to) => ("colleague", Some(to)),
    };
    if let Some(to) = to {
        let exists = store::user(connection, to).await?.is_some();
        if to == agent || !exists || store::is_disabled(connection, to).await? {
            let reason = "must be another user who is not disabled";
            return Err(Error::invalid("colleague", reason));
        }
    }
    let id = Uuid::now_v7();
    let handover = store::NewHandover {
        id,
        agent,
        leads: name,
        to,
        by,
    };
    store::insert_handover(connection, &handover, now).await?;
    enqueue(connection, &HandOver { handover: id }, now).await
}

/// Sets a user's password, and signs them out everywhere.
pub async fn reset_password(app: &App, id: &UserId, new: &str) -> Result<()> {
    let user = existing(&mut *app.pool.acquire().await?, id).await?;
    let about = [user.name.as_str(), &user.email];
    check_password(new, user.role, &about)?;
    let password = password::New::of(new, &about).await?;
    let mut transaction = app.begin().await?;
    store::lock_user(&mut transaction, id).await?;
    // The role can have changed meanwhile.
    let role = existing(&mut transaction, id).await?.role;
    check_password(new, role, &about)?;
    let now = app.clock.now(&mut transaction).await?;
    store::set_or_insert_password(&mut transaction, &begin::opaque(), id, &password, now).await?;
    super::end_sign_ins(&mut transaction, id).await?;
    Ok(transaction.commit().await?)
}

async fn existing(connection: &mut PgConnection, id: &UserId) -> Result<User> {
    let user = store::user(connection, id).await?;
    user.ok_or(Error::NotFound { what: "user" })
}

/// The longest name of a user, in characters.
pub const LONGEST_NAME: usize = 255;

fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Error::invalid("name", "must be 1 to 255 characters"));
    }
    Ok(())
}

fn check_password(password: &str, role: Role, about: &[&str]) -> Result<()> {
    strength::check(password, role, about)
        .map_err(|weak| Error::invalid("password", weak.reason(role)))
}
