//! The commands of people who run the system: `api jobs`, `api leads`, `api doctor`, `api after-restore`.
//!
//! A command uses the same operations as the API, and its actions are in the same log, with the name of the account and the
//! host. With `--json` it prints one JSON value, for scripts.

pub mod doctor;
pub mod jobs;
pub mod leads;
pub mod restore;

mod print;

use shared::operations::Actor;

/// Who types: the account and the host, as this machine names them.
fn actor() -> Actor {
    #[allow(
        clippy::disallowed_methods,
        reason = "the account of a person at a terminal is no setting"
    )]
    let account = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let account = account.unwrap_or_else(|_| "unknown".to_owned());
    Actor::Terminal(format!("{account}@{}", host.trim()))
}
