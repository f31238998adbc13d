//! No two modules of a crate may use each other, directly or through others.
//!
//! cargo-modules lists which module uses which, and `tsort` fails if the list has a circle. (cargo-modules'
//! own `--acyclic` also counts a type and its methods as a circle, so it cannot be used.)

use crate::Result;
use crate::shell::{output, root, target};
use crate::tools;
use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The crates that are checked. `bench` is one binary without a library.
const CRATES: [&str; 5] = ["shared", "worker", "api", "device", "xtask"];

/// Fails if a crate has a circle, or if the check does not find the circle of the control crate.
pub fn check() -> Result<()> {
    let control = root().join("xtask/fixtures/circle");
    if circle_in(&control, "circle")?.is_none() {
        return Err("the control crate has a circle, and the check did not find it".to_owned());
    }
    for name in CRATES {
        if let Some(circle) = circle_in(&root(), name)? {
            return Err(format!("modules of {name} use each other:\n{circle}"));
        }
    }
    Ok(())
}

/// The circle of a package's library, as `tsort` describes it. `None` if it has none.
fn circle_in(workspace: &Path, package: &str) -> Result<Option<String>> {
    let mut modules = tools::command("cargo-modules");
    modules
        .args(["modules", "dependencies", "--lib", "--package", package])
        .args(["--no-fns", "--no-types", "--no-traits", "--no-externs"])
        .arg("--no-sysroot")
        .env("SQLX_OFFLINE", "true")
        // The control crate is a workspace of its own and must not get a folder of its own.
        .env("CARGO_TARGET_DIR", target())
        .env_remove("DATABASE_URL")
        .current_dir(workspace);
    let graph = output(&mut modules)?;
    let uses = uses(&graph);
    if uses.is_empty() {
        return Err(format!(
            "cargo-modules found no module that uses another in {package}"
        ));
    }
    sort(&uses)
}

/// The lines `module other`, one for each module that uses another.
fn uses(graph: &str) -> String {
    let quoted = |line: &str| -> Vec<String> {
        let parts = line.split('"').skip(1).step_by(2);
        parts.map(str::to_owned).collect()
    };
    let modules: HashSet<String> = graph
        .lines()
        .filter(|line| line.contains("// \"mod\" node") || line.contains("// \"crate\" node"))
        .filter_map(|line| quoted(line).into_iter().next())
        .collect();
    let edges = graph
        .lines()
        .filter(|line| line.contains("// \"uses\" edge"));
    let edges = edges.filter_map(|line| match quoted(line).as_slice() {
        [from, to, ..] if from != to => Some((from.clone(), to.clone())),
        _ => None,
    });
    let edges = edges.filter(|(from, to)| modules.contains(from) && modules.contains(to));
    let lines: Vec<String> = edges.map(|(from, to)| format!("{from} {to}")).collect();
    lines.join("\n")
}

/// The circle that `tsort` finds. `None` if there is none.
fn sort(uses: &str) -> Result<Option<String>> {
    let failed = |error| format!("tsort cannot be run: {error}");
    let mut tsort = Command::new("tsort")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut input) = tsort.stdin.take() {
        input.write_all(uses.as_bytes()).map_err(failed)?;
    }
    let sorted = tsort.wait_with_output().map_err(failed)?;
    let circle = String::from_utf8_lossy(&sorted.stderr).into_owned();
    if circle.is_empty() && !sorted.status.success() {
        return Err(format!("tsort failed ({})", sorted.status));
    }
    Ok(Some(circle).filter(|circle| !circle.is_empty()))
}
