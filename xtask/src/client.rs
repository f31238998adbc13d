//! The TypeScript client under `openapi/client/`: generated from the OpenAPI document, compared with the committed one,
//! and compiled strictly.

use crate::Result;
use crate::npm::{ensure, npm};
use crate::shell::{root, run};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    root().join("openapi/client")
}

fn generate_into(target: &Path) -> Result<()> {
    let target = target.to_string_lossy();
    run(&mut npm(
        &folder(),
        &["exec", "--", "openapi-ts", "--silent", "--output", &target],
    ))
}

/// Generates the client.
pub fn write() -> Result<()> {
    ensure(&folder())?;
    generate_into(&folder().join("src"))
}

/// Checks that the document has no error and that the committed client equals the generated one.
pub fn check() -> Result<()> {
    ensure(&folder())?;
    run(&mut npm(
        &folder(),
        &["exec", "--", "redocly", "lint", "../openapi.json"],
    ))?;
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
    ensure(&folder())?;
    run(&mut npm(&folder(), &["run", "--silent", "build"]))
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
