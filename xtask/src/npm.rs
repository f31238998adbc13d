//! npm packages of a folder, at their locked versions.

use crate::Result;
use crate::shell::{output, run};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The oldest Node.js that the tools run on.
const NODE: (u32, u32) = (20, 19);

/// An npm command in a folder.
pub fn npm(folder: &Path, arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.args(arguments).current_dir(folder);
    npm
}

/// Says what is missing, and installs the folder's packages at their locked versions.
pub fn ensure(folder: &Path) -> Result<()> {
    let missing = format!(
        "Node.js {}.{} or newer, with npm, is missing: install it from https://nodejs.org, then run this again",
        NODE.0, NODE.1
    );
    let version = output(Command::new("node").arg("--version")).map_err(|_| missing.clone())?;
    let mut parts = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map(str::parse::<u32>);
    let found = (
        parts.next().and_then(std::result::Result::ok).unwrap_or(0),
        parts.next().and_then(std::result::Result::ok).unwrap_or(0),
    );
    if found < NODE {
        return Err(missing);
    }
    let wanted = fs::read(folder.join("package-lock.json"))
        .map_err(|error| format!("cannot read package-lock.json: {error}"))?;
    let mark = folder.join("node_modules/.installed-from");
    if fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("Installing the npm packages of {} …", folder.display());
    run(&mut npm(
        folder,
        &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
    ))?;
    fs::write(&mark, wanted).map_err(|error| format!("cannot write {}: {error}", mark.display()))
}
