//! Users and sessions, as better-auth has them.

use crate::id::UserId;
use chrono::{DateTime, Utc};

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Their own leads.
    Sales,
}

impl Role {
    /// The word in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Sales => "sales",
        }
    }
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// What they sign in with, in lower case.
    pub email: String,
    /// Whether it was shown to be theirs.
    pub email_verified: bool,
    /// A picture's address.
    pub image: Option<String>,
    /// Their number, as they gave it.
    pub phone: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Since when there is such a user.
    pub created_at: DateTime<Utc>,
    /// When they were last changed.
    pub updated_at: DateTime<Utc>,
}

/// Somebody's being signed in somewhere.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// The secret that stands for it.
    pub token: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last renewed.
    pub updated_at: DateTime<Utc>,
    /// From where; empty if that is not known.
    pub ip_address: String,
    /// With what; empty if that is not known.
    pub user_agent: String,
    /// Whose.
    pub user_id: UserId,
}

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its address; empty if that is not known.
    pub ip_address: String,
    /// What it calls itself; empty if it does not.
    pub user_agent: String,
}

/// A user to be.
#[derive(Clone)]
pub struct NewUser {
    /// Their name.
    pub name: String,
    /// What they will sign in with.
    pub email: String,
    /// Their password.
    pub password: String,
    /// A picture's address.
    pub image: Option<String>,
    /// Their number.
    pub phone: Option<String>,
    /// What they may do.
    pub role: Role,
}

/// What is to become of a part of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is emptied.
    Clear,
    /// It becomes this.
    To(String),
}

impl Change {
    /// The new value, if there is one.
    pub fn value(self) -> Option<String> {
        match self {
            Self::To(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// The same with another value.
    #[must_use]
    pub fn map(self, change: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::To(value) => Self::To(change(&value)),
            other => other,
        }
    }
}

/// What a user changes of themselves.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Their name, if it changes; everybody has one.
    pub name: Option<String>,
    /// A picture's address.
    pub image: Change,
    /// Their number.
    pub phone: Change,
}

/// A way to sign in.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Its id.
    pub id: String,
    /// The user's id with the provider.
    pub account_id: String,
    /// `credential`: by email and password.
    pub provider_id: String,
    /// Whose.
    pub user_id: UserId,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}
/// A user in the list of all.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user.
    pub user: User,
    /// Since when they may not sign in; `None`: they may.
    pub disabled_at: Option<DateTime<Utc>>,
    /// In how many places they are signed in.
    pub sessions: i64,
}

/// What an admin changes of a user; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// Their name.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// Whether they may not sign in.
    pub disabled: Option<bool>,
}
