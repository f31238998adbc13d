//! The offline record of every checked query (`.sqlx/`): written, or compared with what is committed.
//!
//! What `cargo sqlx prepare` does, without building its command-line tool: the macros write their
//! record to `SQLX_OFFLINE_DIR` when they check a query against a database.

use crate::Result;
use crate::device::INNER;
use crate::shell::{cargo, root, run};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// The crates that hold checked queries.
const CRATES: [&str; 2] = ["shared", "worker"];

/// Checks every query against the migrated database at `url`, and writes the record to `.sqlx/`.
pub fn write(url: &str) -> Result<()> {
    let fresh = record(url)?;
    let committed = root().join(".sqlx");
    fs::remove_dir_all(&committed).ok();
    fs::create_dir_all(&committed).map_err(|error| format!("cannot make .sqlx: {error}"))?;
    for (name, text) in read(&fresh)? {
        fs::write(committed.join(&name), text)
            .map_err(|error| format!("cannot write {name}: {error}"))?;
    }
    Ok(())
}

/// Checks every query against the migrated database at `url`, and that `.sqlx/` says the same.
pub fn check(url: &str) -> Result<()> {
    let fresh = read(&record(url)?)?;
    let committed = read(&root().join(".sqlx"))?;
    if fresh == committed {
        return Ok(());
    }
    let stale = committed
        .keys()
        .filter(|name| !fresh.contains_key(*name))
        .count();
    let missing = fresh
        .keys()
        .filter(|name| !committed.contains_key(*name))
        .count();
    let changed = fresh.len()
        - missing
        - fresh
            .iter()
            .filter(|(name, text)| committed.get(*name) == Some(text))
            .count();
    Err(format!(
        ".sqlx is not up to date ({missing} missing, {changed} changed, {stale} stale): run `./test prepare` and commit it"
    ))
}

fn record(url: &str) -> Result<PathBuf> {
    let folder = root().join("target/sqlx-record");
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    // Dependencies first, offline: apalis-postgres checks queries of its own, which are not ours to
    // record. Our own crates may fail here, at a query that is new: they are checked below.
    cargo()
        .args(["check", "--quiet", "--all-features"])
        .args(INNER)
        .env("SQLX_OFFLINE", "true")
        .env_remove("DATABASE_URL")
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    let mut check: Command = cargo();
    check
        .args(["check", "--quiet", "--all-features"])
        .args(INNER)
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &folder)
        .env("DATABASE_URL", url);
    for name in CRATES {
        // The macros run only when their crate is compiled.
        let library = root().join(name).join("src/lib.rs");
        File::open(&library)
            .and_then(|file| file.set_modified(SystemTime::now()))
            .map_err(|error| format!("cannot touch {}: {error}", library.display()))?;
    }
    run(&mut check)?;
    Ok(folder)
}

fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut record = BTreeMap::new();
    for entry in entries.flatten() {
        let text = fs::read_to_string(entry.path())
            .map_err(|error| format!("cannot read {}: {error}", entry.path().display()))?;
        record.insert(entry.file_name().to_string_lossy().into_owned(), text);
    }
    Ok(record)
}
