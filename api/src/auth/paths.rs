//! The paths under `/api/auth`.

/// Paths that only read (`/get-session` also renews the session), and those that sign in or up.
pub(super) const READ_OR_ENTER: [&str; 6] = [
    "/ok",
    "/sign-in/email",
    "/sign-up/email",
    "/get-session",
    "/list-sessions",
    "/list-accounts",
];

/// Paths that change something of somebody who is, or was, signed in.
pub(super) const CHANGE: [&str; 12] = [
    "/sign-out",
    "/revoke-session",
    "/revoke-sessions",
    "/revoke-other-sessions",
    "/update-user",
    "/change-password",
    "/two-factor/enable",
    "/two-factor/disable",
    "/two-factor/get-totp-uri",
    "/two-factor/generate-backup-codes",
    "/two-factor/verify-totp",
    "/two-factor/verify-backup-code",
];
