//! Who types a command.

use shared::operations::Actor;

/// Who types: the account and the host, as this machine names them.
pub(super) fn actor() -> Actor {
    #[allow(
        clippy::disallowed_methods,
        reason = "the account of a person at a terminal is no setting"
    )]
    let account = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let account = account.unwrap_or_else(|_| "unknown".to_owned());
    Actor::Terminal(format!("{account}@{}", host.trim()))
}
