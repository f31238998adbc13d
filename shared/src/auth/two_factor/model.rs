//! What two-factor sign-in answers.

use crate::auth::{Session, User};
use crate::id::UserId;

/// Why something is refused. The codes are better-auth's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The user has no app set up.
    NotEnabled,
    /// The user has an app that works.
    AlreadyEnabled,
    /// No sign-in waits for a code: it ended, or never began.
    NoChallenge,
    /// The code is wrong, or was used before.
    WrongCode,
    /// Five wrong codes ended the sign-in.
    TooManyTries,
    /// Ten or more wrong codes in a row: no code is accepted for fifteen minutes or longer, up to a day.
    Locked,
    /// The user is disabled.
    Disabled,
    /// The user's secret was encrypted with a secret of sign-in that is no longer among the settings.
    Unreadable,
}

/// The result, or why not.
pub type Answer<T> = crate::Result<Result<T, Refused>>;

/// An app that is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What the app reads from a QR code.
    pub address: String,
    /// Ten codes, each for one sign-in without the app.
    pub backup_codes: Vec<String>,
}

/// A code that a user gave.
#[derive(Clone, Copy, Debug)]
pub enum Code<'code> {
    /// Of the app.
    App(&'code str),
    /// One of the backup codes.
    Backup(&'code str),
}

/// What follows from the right code at sign-in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// The session outlives the browser.
    pub remember: bool,
    /// This device is not asked for a code for thirty days.
    pub trust: bool,
}

/// A sign-in that waits for a code.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The id that the cookie names.
    pub id: String,
    /// Whether the user has an app that works.
    pub has_app: bool,
}

/// A sign-in that is not complete.
#[derive(Clone, Debug)]
pub struct NotEntered {
    /// Why.
    pub refused: Refused,
    /// Whose sign-in it is; `None` if none waits.
    pub user: Option<UserId>,
}

/// A sign-in that is complete.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// The id of the trusted device, if it was wished.
    pub device: Option<String>,
}

/// A row of `two_factor`.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) backup_codes: String,
    pub(super) verified: bool,
    pub(super) failures: i32,
    pub(super) locked_until: Option<chrono::DateTime<chrono::Utc>>,
    pub(super) last_step: Option<i64>,
}
