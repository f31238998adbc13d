//! Why better-auth's two-factor plugin rejects a request: its statuses, codes and texts.

/// Why a request about two-factor sign-in is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::auth) enum NoCode {
    AppNotEnabled,
    AppEnabled,
    BackupCodesNotEnabled,
    NotEnabled,
    /// Codes by email are not offered.
    ByMail,
    NoChallenge,
    WrongCode,
    WrongBackupCode,
    TooManyTries,
    Locked,
    /// Not better-auth's: `AUTH_TWO_FACTOR_FOR` requires it of this user.
    Required,
}

impl NoCode {
    pub(in crate::auth) fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::AppNotEnabled => (400, "TOTP not enabled", "TOTP_NOT_ENABLED"),
            Self::AppEnabled => (400, "TOTP is already enabled", "TOTP_ALREADY_ENABLED"),
            Self::BackupCodesNotEnabled => (
                400,
                "Backup codes aren't enabled",
                "BACKUP_CODES_NOT_ENABLED",
            ),
            Self::NotEnabled => (400, "Two factor isn't enabled", "TWO_FACTOR_NOT_ENABLED"),
            Self::ByMail => (400, "OTP is not available", "OTP_NOT_CONFIGURED"),
            Self::NoChallenge => (
                401,
                "Invalid two factor cookie",
                "INVALID_TWO_FACTOR_COOKIE",
            ),
            Self::WrongCode => (401, "Invalid code", "INVALID_CODE"),
            Self::WrongBackupCode => (401, "Invalid backup code", "INVALID_BACKUP_CODE"),
            Self::TooManyTries => (
                400,
                "Too many attempts. Please request a new code.",
                "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE",
            ),
            Self::Locked => (
                429,
                "Too many failed verification attempts. Your account is temporarily locked. Please try again later.",
                "ACCOUNT_TEMPORARILY_LOCKED",
            ),
            Self::Required => (
                403,
                "Two-factor sign-in is required for your role",
                "TWO_FACTOR_REQUIRED",
            ),
        }
    }
}
