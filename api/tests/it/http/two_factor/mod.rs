//! Two-factor sign-in.

mod browser;
mod captured;
mod codes;
mod import;
mod office;
mod sign_outs;
