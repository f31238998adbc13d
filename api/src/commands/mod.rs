//! The commands of people who run the system: `api jobs`, `api leads`, `api doctor`, `api after-restore`,
//! `api archive`, `api person`, `api user`.
//!
//! A command uses the same operations as the API, and its actions are in the same log, with the name of the account and the
//! host. With `--json` it prints one JSON value, for scripts.

pub mod archive;
pub mod doctor;
pub mod jobs;
pub mod leads;
pub mod person;
pub mod restore;
pub mod user;

mod actor;
mod print;
