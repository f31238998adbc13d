//! Users and sessions, in better-auth's tables.

use crate::id::UserId;
use chrono::{DateTime, TimeDelta, Utc};

/// How long a session lasts after its last renewal (better-auth's `expiresIn`).
pub const SESSION_LASTS: TimeDelta = TimeDelta::days(7);

/// A user's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Role {
    /// May read and change everything.
    Admin,
    /// May read and change their own leads.
    Sales,
    /// May see jobs, processes and figures, and no lead.
    Operator,
}

impl Role {
    /// The value in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Sales => "sales",
            Self::Operator => "operator",
        }
    }
}

/// A person who can sign in.
#[derive(Clone, Debug)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The user's name.
    pub name: String,
    /// The email to sign in with, in lower case.
    pub email: String,
    /// Whether the email address was verified.
    pub email_verified: bool,
    /// The URL of a picture.
    pub image: Option<String>,
    /// The phone number, as the user entered it.
    pub phone: Option<String>,
    /// The user's role.
    pub role: Role,
    /// Whether the user's sign-in asks for a code, too.
    pub two_factor_enabled: bool,
    /// When the user was created.
    pub created_at: DateTime<Utc>,
    /// When the user was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A user who gave the right password.
#[derive(Clone)]
pub struct Checked {
    /// The user, as they were then.
    pub user: User,
    /// The hash that the password was checked with. Another one is found if the password was changed since.
    pub(super) hash: String,
}

/// How a sign-in with a password goes on.
#[derive(Clone, Debug)]
pub enum Begun {
    /// With a session.
    Session(Session),
    /// Their sign-in asks for a code.
    AsksForCode,
    /// With nothing: since the password was checked it was changed, or the user was disabled.
    NotAnyMore,
}

/// A sign-in of a user on one device.
#[derive(Clone, Debug)]
pub struct Session {
    /// The session's id.
    pub id: String,
    /// The secret that the cookie contains.
    pub token: String,
    /// When the session ends.
    pub expires_at: DateTime<Utc>,
    /// When the session began.
    pub created_at: DateTime<Utc>,
    /// When the session was last renewed.
    pub updated_at: DateTime<Utc>,
    /// The client's IP address; empty if it is unknown.
    pub ip_address: String,
    /// The client's user agent; empty if it is unknown.
    pub user_agent: String,
    /// The id of the session's user.
    pub user_id: UserId,
    /// When the user last gave the password.
    pub confirmed_at: Option<DateTime<Utc>>,
}

/// The client that sent a request.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its IP address; empty if it is unknown.
    pub ip_address: String,
    /// Its `User-Agent`; empty if it sent none.
    pub user_agent: String,
}

/// A user to create.
#[derive(Clone)]
pub struct NewUser {
    /// The name.
    pub name: String,
    /// The email to sign in with.
    pub email: String,
    /// The password.
    pub password: String,
    /// The URL of a picture.
    pub image: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The role.
    pub role: Role,
}

/// A change of an optional field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change {
    /// Keep the value.
    #[default]
    Keep,
    /// Remove the value.
    Clear,
    /// Set this value.
    To(String),
}

impl Change {
    /// The new value; `None` for [`Keep`](Self::Keep) and [`Clear`](Self::Clear).
    pub fn value(self) -> Option<String> {
        match self {
            Self::To(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// Replaces the value.
    #[must_use]
    pub fn map(self, change: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::To(value) => Self::To(change(&value)),
            other => other,
        }
    }
}

/// What users can change about themselves.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// The new name; `None` keeps it. A name cannot be removed.
    pub name: Option<String>,
    /// The URL of a picture.
    pub image: Change,
    /// The phone number.
    pub phone: Change,
}

/// A way to sign in.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The account's id.
    pub id: String,
    /// The user's id at the provider.
    pub account_id: String,
    /// The provider; `credential` means email and password.
    pub provider_id: String,
    /// The id of the account's user.
    pub user_id: UserId,
    /// When the account was created.
    pub created_at: DateTime<Utc>,
    /// When the account was last changed.
    pub updated_at: DateTime<Utc>,
}
/// A user in the list of users.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user.
    pub user: User,
    /// When the user was disabled; `None` if they can sign in.
    pub disabled_at: Option<DateTime<Utc>>,
    /// How many sessions the user has.
    pub sessions: i64,
}

/// What an admin changes about a user; `None` keeps a field.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// The new name.
    pub name: Option<String>,
    /// The new role.
    pub role: Option<Role>,
    /// Whether the user is disabled.
    pub disabled: Option<bool>,
    /// What becomes of the leads of a user who is disabled.
    pub leads: Option<LeadsOfDisabled>,
}

/// What becomes of the open leads of an agent who is disabled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LeadsOfDisabled {
    /// They stay. They are listed, and the managers are told.
    #[default]
    List,
    /// They go to this colleague.
    Colleague(UserId),
    /// They are offered again.
    Distribute,
}
