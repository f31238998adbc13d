//! What every step does with the workspace.

use crate::Result;
use crate::shell::{cargo, run};
use std::process::Command;

/// Every crate but the device.
pub const INNER: [&str; 3] = ["--workspace", "--exclude", "device"];

/// Checks queries against the committed records, and not against a database.
pub(crate) fn offline(command: &mut Command) -> &mut Command {
    command
        .env("SQLX_OFFLINE", "true")
        .env_remove("DATABASE_URL")
}

/// Builds the processes that tests start.
pub(crate) fn build_processes() -> Result<()> {
    run(offline(cargo().args([
        "build",
        "--quiet",
        "--package",
        "api",
        "--package",
        "worker",
    ])))
}
