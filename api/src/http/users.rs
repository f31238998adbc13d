//! Users, as an admin manages them.

use super::model::{Timestamp, wire_enum};
use super::tag::Tag;
use crate::auth::{AdminOnly, ConfirmedAdmin, looks_like_an_email};
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use shared::auth::{self, Account, AccountChange, NewUser};
use shared::id::UserId;
use shared::{App, Error, db};

pub struct Users;

wire_enum! {
    /// A user's role.
    Role("snake_case") from auth::Role {
        /// May read and change everything.
        Admin,
        /// May read and change their own leads.
        Sales,
        /// May see jobs, processes and figures, and no lead.
        Operator,
    }
}

/// A person who can sign in.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct UserAccount {
    id: String,
    name: String,
    email: String,
    /// As the user or an admin entered it.
    phone: Option<String>,
    role: Role,
    /// When the user was disabled; absent if they can sign in.
    disabled_at: Option<Timestamp>,
    /// How many sessions the user has.
    sessions: i64,
    /// Whether the user's sign-in asks for a code.
    two_factor: bool,
    created_at: Timestamp,
}

/// A user to create.
#[derive(Object)]
struct NewAccount {
    name: String,
    email: String,
    /// 8 to 128 characters, an admin's at least 10, and none that is easily guessed. The admin gives it to the user.
    password: String,
    /// The phone number, and the offer address.
    phone: Option<String>,
    #[oai(default = "sales")]
    role: Role,
}

/// A change of a user; fields that are left out stay.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct UserChange {
    name: Option<String>,
    role: Option<Role>,
    /// Whether the user is disabled: signed out everywhere, and offered no more leads. Their open offers go to
    /// the next agents.
    disabled: Option<bool>,
    /// What becomes of the user's open leads and visits; with `disabled` only. Without it: `list`.
    leads: Option<LeadsOfDisabled>,
    /// The user who gets the leads; with `leads: colleague` only.
    colleague: Option<String>,
}

/// What becomes of the open leads of an agent who is disabled.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum LeadsOfDisabled {
    /// They stay, and the managers of the agent's queues are told. `GET /api/leads?ownerDisabled=true` lists them.
    List,
    /// They go to one colleague, with the visits that are booked.
    Colleague,
    /// They are offered again, each from the start of its queue.
    Distribute,
}

/// A new password.
#[derive(Object)]
struct NewPassword {
    /// 8 to 128 characters, an admin's at least 10, and none that is easily guessed.
    password: String,
}

fn sales() -> Role {
    Role::Sales
}

#[OpenApi]
impl Users {
    /// All users, by name
    #[oai(path = "/api/users", method = "get", operation_id = "users", tag = Tag::Users)]
    async fn users(&self, app: Data<&App>, _admin: AdminOnly) -> Result<Vec<UserAccount>> {
        let accounts = auth::accounts(&app).await?;
        Ok(Json(accounts.into_iter().map(Into::into).collect()))
    }

    /// Create a user
    ///
    /// If the email is taken: 409 `user_exists`. If the number is a lead's: 409 `number_of_a_lead`; the client would not
    /// be heard any more. Mark the lead as a test, or correct its number, and try again.
    #[oai(path = "/api/users", method = "post", operation_id = "createUser", tag = Tag::Users)]
    async fn create(
        &self,
        app: Data<&App>,
        _admin: ConfirmedAdmin,
        body: Json<NewAccount>,
    ) -> Result<UserAccount> {
        let given = body.0;
        if !looks_like_an_email(&given.email) {
            return Err(Error::invalid("email", "is not an email address").into());
        }
        let new = NewUser {
            name: given.name.trim().replace('\0', ""),
            email: given.email,
            password: given.password,
            image: None,
            phone: given.phone.map(|phone| auth::phone_as_kept(&phone)),
            role: given.role.into(),
        };
        Ok(Json(auth::add_account(&app, &new).await?.into()))
    }

    /// Change a user
    ///
    /// If no admin would remain: 409 `last_admin`. If the user has open leads or a place in a queue and would be an operator:
    /// 409 `has_leads`. If an agent would be an admin or an operator, and their password is not known to pass the rule of these:
    /// 409 `weak_password`; they change it, or you reset it, and you try again. A user who is enabled again has their places in the queues again.
    #[oai(path = "/api/users/:id", method = "patch", operation_id = "updateUser", tag = Tag::Users)]
    async fn update(
        &self,
        app: Data<&App>,
        admin: ConfirmedAdmin,
        id: Path<String>,
        body: Json<UserChange>,
    ) -> Result<UserAccount> {
        let given = body.0;
        let leads = match (given.leads, given.colleague) {
            (None, None) => None,
            (Some(LeadsOfDisabled::List), None) => Some(auth::LeadsOfDisabled::List),
            (Some(LeadsOfDisabled::Distribute), None) => Some(auth::LeadsOfDisabled::Distribute),
            (Some(LeadsOfDisabled::Colleague), Some(to)) => {
                Some(auth::LeadsOfDisabled::Colleague(UserId(to)))
            }
            _ => {
                return Err(Error::invalid("colleague", "belongs to `leads: colleague`").into());
            }
        };
        let change = AccountChange {
            name: given.name.map(|name| name.trim().replace('\0', "")),
            role: given.role.map(Into::into),
            disabled: given.disabled,
            leads,
        };
        let id = UserId(id.0);
        db::retry_once(|| auth::change_account(&app, &admin.0.user.id, &id, &change)).await?;
        the_account(&app, &id).await
    }

    /// Set a user's password, and sign them out everywhere
    #[oai(path = "/api/users/:id/password", method = "put", operation_id = "resetPassword", tag = Tag::Users)]
    async fn password(
        &self,
        app: Data<&App>,
        _admin: ConfirmedAdmin,
        id: Path<String>,
        body: Json<NewPassword>,
    ) -> Result<UserAccount> {
        let id = UserId(id.0);
        auth::reset_password(&app, &id, &body.password).await?;
        the_account(&app, &id).await
    }

    /// Sign a user out everywhere
    #[oai(path = "/api/users/:id/sessions", method = "delete", operation_id = "revokeUserSessions", tag = Tag::Users)]
    async fn sessions(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<String>,
    ) -> Result<UserAccount> {
        let id = UserId(id.0);
        auth::revoke_all(&app, &id, None).await?;
        the_account(&app, &id).await
    }

    /// Let a user sign in without a code, who lost the phone and the backup codes
    ///
    /// Not for oneself: 409 `own_two_factor`. Signs them out everywhere. They set it up again afterwards; with `AUTH_TWO_FACTOR_FOR` they can do nothing else first.
    #[oai(path = "/api/users/:id/two-factor", method = "delete", operation_id = "resetTwoFactor", tag = Tag::Users)]
    async fn two_factor(
        &self,
        app: Data<&App>,
        admin: ConfirmedAdmin,
        id: Path<String>,
    ) -> Result<UserAccount> {
        let id = UserId(id.0);
        // A stolen session must not take the second factor away that it could not turn off.
        if id == admin.0.user.id {
            return Err(Error::Conflict {
                code: "own_two_factor",
            }
            .into());
        }
        auth::two_factor::reset(&app, &id).await?;
        the_account(&app, &id).await
    }
}

async fn the_account(app: &App, id: &UserId) -> Result<UserAccount> {
    let accounts = auth::accounts(app).await?;
    let found = accounts.into_iter().find(|account| account.user.id == *id);
    Ok(Json(found.ok_or(Error::NotFound { what: "user" })?.into()))
}

impl From<Account> for UserAccount {
    fn from(account: Account) -> Self {
        let user = account.user;
        Self {
            id: user.id.0,
            name: user.name,
            email: user.email,
            phone: user.phone,
            role: user.role.into(),
            disabled_at: account.disabled_at.map(Timestamp),
            sessions: account.sessions,
            two_factor: user.two_factor_enabled,
            created_at: Timestamp(user.created_at),
        }
    }
}
