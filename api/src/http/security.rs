//! The security log.

use super::model::{Timestamp, wire_enum};
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use shared::App;
use shared::id::UserId;
use shared::security::{self, SecurityKind as Kind};
use uuid::Uuid;

wire_enum! {
    /// What happened.
    SecurityKind("snake_case") from Kind {
        /// Somebody signed in.
        SignIn,
        /// The email or password was wrong, the user is disabled, or there were too many tries.
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
        /// An operation of this API.
        Operation,
    }
}

/// One line of the security log.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct SecurityEvent {
    id: Uuid,
    at: Timestamp,
    kind: SecurityKind,
    /// Who did it; absent if nobody is known by the email, or for a client with a token.
    user_id: Option<String>,
    ip_address: String,
    /// The operation's id in this document.
    operation: Option<String>,
    /// Its path, with numbers masked.
    path: Option<String>,
    /// Its status; absent while the operation runs, and if its end could not be written (the api ended, or the log failed): it may
    /// have been done.
    status: Option<i32>,
}

pub struct Security;

#[OpenApi]
impl Security {
    /// Sign-ins, changes by admins and operators, exports, and reads of clients' words by admins, newest first
    #[oai(path = "/api/security/events", method = "get", operation_id = "securityEvents", tag = Tag::Users)]
    async fn events(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// Of this user only, by id.
        user: Query<Option<String>>,
        /// Before this instant: the last one of the page before.
        before: Query<Option<Timestamp>>,
        /// At most so many.
        #[oai(
            default = "fifty",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u16>,
    ) -> Result<Vec<SecurityEvent>> {
        let user = user.0.map(UserId);
        let before = before.0.map(|before| before.0);
        let events = security::events(&app, user.as_ref(), before, limit.0).await?;
        Ok(Json(events.into_iter().map(Into::into).collect()))
    }
}

fn fifty() -> u16 {
    50
}

impl From<security::SecurityEvent> for SecurityEvent {
    fn from(event: security::SecurityEvent) -> Self {
        Self {
            id: event.id,
            at: Timestamp(event.at),
            kind: event.kind.into(),
            user_id: event.user_id.map(|user| user.0),
            ip_address: event.ip_address,
            operation: event.operation,
            path: event.path,
            status: event.status,
        }
    }
}
