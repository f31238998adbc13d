//! `/api/auth/two-factor/*`, as better-auth's plugin answers them, and the sign-in that waits for a code.

mod device;
mod endpoints;
mod refusal;
mod verify;

pub(super) use refusal::NoCode;
