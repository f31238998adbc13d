//! What an admin does with users.

use super::begin;
use super::model::{Account, AccountChange, LeadsOfDisabled, NewUser, Role};
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
/// `has_leads` if the user has open leads or a place in a queue and would be an operator.
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
    let Some(user) = store::user(&mut transaction, id).await? else {
        return Err(Error::NotFound { what: "user" });
    };
    let loses =
        change.role.is_some_and(|role| role != Role::Admin) || change.disabled == Some(true);
    if user.role == Role::Admin && loses && store::other_admins(&mut transaction, id).await? == 0 {
        return Err(Error::Conflict { code: "last_admin" });
    }
    let now = app.clock.now(&mut transaction).await?;
    let was_disabled = store::is_disabled(&mut transaction, id).await?;
    // An operator sees no lead, so that nobody would work these.
    if change.role == Some(Role::Operator) && store::has_work(&mut transaction, id).await? {
        return Err(Error::Clash {
            code: "has_leads",
            detail: "the user has open leads or a place in a queue; an operator has neither"
                .to_owned(),
        });
    }
    store::change_account(&mut transaction, id, change, now).await?;
    match change.disabled {
        Some(true) => {
            super::end_sign_ins(&mut transaction, id).await?;
            if !was_disabled || change.leads.is_some() {
                let leads = change.leads.clone().unwrap_or_default();
                begin_handover(&mut transaction, (by, id), &leads, now).await?;
            }
        }
        Some(false) => {
            enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
        }
        None if change.leads.is_some() => {
            return Err(Error::invalid("leads", "is for a user who is disabled"));
        }
        None => {}
    }
    Ok(transaction.commit().await?)
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
    let mut connection = app.pool.acquire().await?;
    let Some(user) = store::user(&mut connection, id).await? else {
        return Err(Error::NotFound { what: "user" });
    };
    drop(connection);
    check_password(new, user.role, &[&user.name, &user.email])?;
    let hash = password::hash_off_thread(new.to_owned()).await?;
    let mut transaction = app.begin().await?;
    store::lock_user(&mut transaction, id).await?;
    let now = app.clock.now(&mut transaction).await?;
    store::set_or_insert_password(&mut transaction, &begin::opaque(), id, &hash, now).await?;
    super::end_sign_ins(&mut transaction, id).await?;
    Ok(transaction.commit().await?)
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
