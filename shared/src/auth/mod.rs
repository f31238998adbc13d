//! People who can sign in.

pub mod password;
