//! The security log: who signed in and who failed to, what admins and operators changed, who exported, and which clients' words an
//! admin read. It answers whose data were seen, when and by whom.

mod store;

use crate::auth::{self, Client};
use crate::id::UserId;
use crate::{App, Result};
use chrono::{DateTime, TimeDelta, Utc};
use percent_encoding::percent_decode_str;
use sqlx::PgConnection;
use uuid::Uuid;

const A_MINUTE: TimeDelta = TimeDelta::minutes(1);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SecurityKind {
    /// Somebody signed in.
    SignIn,
    /// Somebody could not: the email or the password was wrong, the user is disabled, or there were too many tries.
    SignInFailed,
    /// Somebody made themselves a user.
    SignUp,
    /// Somebody changed their own password.
    PasswordChanged,
    /// The password was right, and a code of the user's app was asked for.
    CodeAsked,
    /// A code was wrong.
    CodeWrong,
    /// No code was looked at, because too many were wrong before.
    CodeLocked,
    /// A user trusts a device from now on: no code is asked for there.
    DeviceTrusted,
    /// A user signed out.
    SignOut,
    /// A user ended other sessions of theirs.
    SessionsEnded,
    /// The secret of a user's app was shown: to set it up, or again.
    AppSecretShown,
    /// A user's sign-in asks for a code from now on.
    TwoFactorOn,
    /// A user's sign-in asks for no code any more.
    TwoFactorOff,
    /// A user made new backup codes.
    BackupCodesMade,
    /// A user signed in with a backup code.
    BackupCodeUsed,
    /// An operation of the API.
    Operation,
}

impl SecurityKind {
    /// The value in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignUp => "sign_up",
            Self::PasswordChanged => "password_changed",
            Self::CodeAsked => "code_asked",
            Self::CodeWrong => "code_wrong",
            Self::CodeLocked => "code_locked",
            Self::DeviceTrusted => "device_trusted",
            Self::SignOut => "sign_out",
            Self::SessionsEnded => "sessions_ended",
            Self::AppSecretShown => "app_secret_shown",
            Self::TwoFactorOn => "two_factor_on",
            Self::TwoFactorOff => "two_factor_off",
            Self::BackupCodesMade => "backup_codes_made",
            Self::BackupCodeUsed => "backup_code_used",
            Self::Operation => "operation",
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug)]
pub struct SecurityEvent {
    /// Its id.
    pub id: Uuid,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: SecurityKind,
    /// Who did it; `None` if nobody is known by the email, or for a client with a token.
    pub user_id: Option<UserId>,
    /// From where.
    pub ip_address: String,
    /// The operation of the API document.
    pub operation: Option<String>,
    /// Its path, with numbers masked.
    pub path: Option<String>,
    /// Its status. `None`: it runs, or its end could not be written (its process ended, or the log failed), so it may have been
    /// done.
    pub status: Option<i32>,
}

/// An operation of the API, and how it was answered.
pub struct Answered<'a> {
    /// Its id in the API document, if it has one.
    pub operation: Option<&'a str>,
    /// Its path.
    pub path: &'a str,
    /// The status of its answer; `None` before it.
    pub status: Option<u16>,
}

/// Writes who signed in, or failed to, from where.
pub async fn signed_in(
    app: &App,
    kind: SecurityKind,
    user: Option<&UserId>,
    client: &Client,
) -> Result<()> {
    store::insert(app, kind, user, client, None).await?;
    Ok(())
}

/// Writes a failed sign-in with this email. The email itself is not stored: people type passwords there.
pub async fn failed_to_sign_in(app: &App, email: &str, client: &Client) -> Result<()> {
    let user = auth::user_of_email(&mut *app.pool.acquire().await?, email).await?;
    store::insert(app, SecurityKind::SignInFailed, user.as_ref(), client, None).await?;
    Ok(())
}

/// Writes that somebody tried to sign in with this email although they have to wait: one line a minute for an account and an
/// address, so that guesses that are refused anyway do not fill the log.
pub async fn has_to_wait(app: &App, email: &str, client: &Client) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let user = auth::user_of_email(&mut connection, email).await?;
    let now = app.clock.now(&mut connection).await?;
    let kind = SecurityKind::SignInFailed;
    if store::is_written(
        &mut connection,
        kind,
        (user.as_ref(), client),
        now - A_MINUTE,
    )
    .await?
    {
        return Ok(());
    }
    drop(connection);
    store::insert(app, kind, user.as_ref(), client, None).await?;
    Ok(())
}

/// Writes an operation of the API that is about to change something. Returns the line, for [`answered`]: so a change has a line
/// also if its process ends before the answer.
pub async fn begin(app: &App, user: Option<&UserId>, client: &Client, path: &str) -> Result<Uuid> {
    let path = masked(path);
    let begun = Answered {
        operation: None,
        path: &path,
        status: None,
    };
    store::insert(app, SecurityKind::Operation, user, client, Some(&begun)).await
}

/// Writes how an operation of the API was answered, into its line if it has begun one.
pub async fn answered(
    app: &App,
    begun: Option<Uuid>,
    user: Option<&UserId>,
    client: &Client,
    answered: &Answered<'_>,
) -> Result<()> {
    if let Some(line) = begun {
        return store::end(app, line, answered).await;
    }
    let path = masked(answered.path);
    let answered = Answered {
        path: &path,
        ..*answered
    };
    store::insert(app, SecurityKind::Operation, user, client, Some(&answered)).await?;
    Ok(())
}

/// The last events before an instant, newest first: of one user, or of all.
pub async fn events(
    app: &App,
    user: Option<&UserId>,
    before: Option<DateTime<Utc>>,
    limit: u16,
) -> Result<Vec<SecurityEvent>> {
    let mut connection = app.pool.acquire().await?;
    store::events(&mut connection, user, before, i64::from(limit)).await
}

/// Deletes a batch of events that are this many days old. Returns how many.
pub async fn prune(connection: &mut PgConnection, days: f64) -> Result<u64> {
    store::delete_old(connection, days).await
}

/// A path without numbers of people: a part with seven digits or more that is no id. For logs, too.
pub fn masked(path: &str) -> String {
    let part = |part: &str| {
        // A number can be written as `%2B62…`.
        let plain = percent_decode_str(part).decode_utf8_lossy();
        let digits = plain.bytes().filter(u8::is_ascii_digit).count();
        let is_number = digits >= 7 && plain.bytes().all(|b| !b.is_ascii_alphabetic());
        if is_number {
            "…".to_owned()
        } else {
            part.chars().take(100).collect()
        }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_number_in_a_path_is_masked_and_an_id_stays() {
        assert_eq!(
            masked("/api/contacts/blocked/+6281234001234"),
            "/api/contacts/blocked/…"
        );
        assert_eq!(
            masked("/api/contacts/blocked/0812-3400-1234"),
            "/api/contacts/blocked/…"
        );
        let lead = "/api/leads/01890000-0000-7000-8000-00000000000a/status";
        assert_eq!(masked(lead), lead);
    }
}
