//! Two-factor sign-in: after the password, a code of an authenticator app (RFC 6238), as better-auth's plugin `twoFactor` 1.7.25
//! does it, with its tables and its encryption.
//!
//! Differs from the plugin: no code of an app is accepted twice (RFC 6238, 5.2), setting an app up ends the user's other sessions,
//! and giving it up forgets every trusted device.

mod challenge;
mod codes;
mod devices;
mod keys;
mod model;
mod rotation;
mod setup;
mod store;

pub use challenge::{CHALLENGE_LASTS, ask, enter, spend};
pub use devices::{TRUST_LASTS, trusts};
pub use keys::Keys;
pub use model::{Answer, Challenge, Code, Entered, NotEntered, Refused, Setup, Wish};
pub use rotation::{Rotated, Sealed, rotate, sealed};
pub use setup::{ISSUER, address, give_up, prove, renew_backup_codes, reset, set_up};

pub(in crate::auth) use devices::forget_sign_ins;

/// The code that the app of this secret shows at an instant.
#[cfg(feature = "testing")]
pub fn code_at(secret: &str, now: chrono::DateTime<chrono::Utc>) -> String {
    codes::code_at(secret, now)
}
