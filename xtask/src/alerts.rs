//! The alert rules under `deploy/observability/`: checked and fired by Prometheus' own tools.

use crate::Result;
use crate::shell::{root, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Prometheus and its tool, or the folder of them that `PROMETHEUS_BIN` names.
pub struct Prometheus {
    /// The server.
    pub server: PathBuf,
    /// Its tool.
    pub tool: PathBuf,
}

/// Finds Prometheus. `None` if it is not installed.
pub fn prometheus() -> Option<Prometheus> {
    let named = std::env::var_os("PROMETHEUS_BIN").map(PathBuf::from);
    let usual = ["/usr/bin", "/usr/local/bin"].map(PathBuf::from);
    let is_there =
        |folder: &Path| folder.join("prometheus").exists() && folder.join("promtool").exists();
    let folder = named
        .into_iter()
        .chain(usual)
        .find(|folder| is_there(folder))?;
    Some(Prometheus {
        server: folder.join("prometheus"),
        tool: folder.join("promtool"),
    })
}

/// The folder of the rules.
pub fn folder() -> PathBuf {
    root().join("deploy/observability")
}

/// Checks the rules, and fires each of them with its planted fault. Without Prometheus it says that they are not checked.
pub fn check() -> Result<()> {
    let Some(found) = prometheus() else {
        println!(
            "There is no Prometheus, so the alerts are not fired: install it (Debian: `apt-get install prometheus`) or name its folder with PROMETHEUS_BIN."
        );
        return Ok(());
    };
    let promtool = |arguments: &[&str]| {
        let mut command = Command::new(&found.tool);
        command.args(arguments).current_dir(folder());
        command
    };
    run(&mut promtool(&["check", "rules", "alerts.yml"]))?;
    run(&mut promtool(&["test", "rules", "alerts_test.yml"]))
}
