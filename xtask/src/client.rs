//! The TypeScript client under `openapi/client/`: generated from the OpenAPI document, compared with the committed one,
//! and compiled strictly.

use crate::Result;
use crate::shell::{output, root, run};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest Node.js for the generator.
const NODE: (u32, u32) = (20, 19);

fn folder() -> PathBuf {
    root().join("openapi/client")
}

fn npm(arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.args(arguments).current_dir(folder());
    npm
}

/// Prints what is missing, and installs the client's packages at their locked versions.
fn ensure() -> Result<()> {
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
    let wanted = fs::read(folder().join("package-lock.json"))
        .map_err(|error| format!("cannot read package-lock.json: {error}"))?;
    let mark = folder().join("node_modules/.installed-from");
    if fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("Installing the client's npm packages …");
    run(&mut npm(&[
        "ci",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    fs::write(&mark, wanted).map_err(|error| format!("cannot write {}: {error}", mark.display()))
}

fn generate_into(target: &Path) -> Result<()> {
    let target = target.to_string_lossy();
    run(&mut npm(&[
        "exec",
        "--",
        "openapi-ts",
        "--silent",
        "--output",
        &target,
    ]))
}

/// Generates the client.
pub fn write() -> Result<()> {
    ensure()?;
    generate_into(&folder().join("src"))
}

/// Checks that the document has no error and that the committed client equals the generated one.
pub fn check() -> Result<()> {
    ensure()?;
    run(&mut npm(&[
        "exec",
        "--",
        "redocly",
        "lint",
        "../openapi.json",
    ]))?;
    let fresh = root().join("target/client");
    fs::remove_dir_all(&fresh).ok();
    generate_into(&fresh)?;
    if read(&fresh)? != read(&folder().join("src"))? {
        return Err("openapi/client is stale: run `./test client` and commit it".to_owned());
    }
    Ok(())
}

/// Compiles it strictly, for its tests.
pub fn build() -> Result<()> {
    ensure()?;
    run(&mut npm(&["run", "--silent", "build"]))
}

/// All files of a folder, by their paths in it.
fn read(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = fs::read_dir(&next)
            .map_err(|error| format!("cannot read {}: {error}", next.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path)
                    .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                let name = path.strip_prefix(folder).unwrap_or(&path).to_owned();
                files.insert(name, bytes);
            }
        }
    }
    Ok(files)
}
