//! The offline record of every checked query: written, or compared with what is committed. Each crate
//! with queries has its record in `<crate>/.sqlx`.
//!
//! This does what `cargo sqlx prepare` does, without its command-line tool: sqlx's macros write the
//! record to `SQLX_OFFLINE_DIR` when they check a query against a database.

use crate::Result;
use crate::shell::{cargo, root, run, target};
use crate::workspace::INNER;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

/// The name and the text of each file of a record.
type Record = BTreeMap<String, String>;

/// Checks every query against the migrated database at `url`, and writes the records.
pub fn write(url: &str) -> Result<()> {
    for (name, fresh) in records(url)? {
        let committed = committed(name);
        fs::remove_dir_all(&committed).ok();
        fs::create_dir_all(&committed)
            .map_err(|error| format!("cannot make {}: {error}", committed.display()))?;
        for (file, text) in fresh {
            fs::write(committed.join(&file), text)
                .map_err(|error| format!("cannot write {file}: {error}"))?;
        }
    }
    Ok(())
}

/// Checks every query against the migrated database at `url`, and that the committed records are equal.
pub fn check(url: &str) -> Result<()> {
    for (name, fresh) in records(url)? {
        let committed = read(&committed(name))?;
        let is_same = |file: &&String| fresh.get(*file) == committed.get(*file);
        let files = fresh.keys().chain(committed.keys());
        let different = files.filter(|file| !is_same(file)).count();
        if different > 0 {
            return Err(format!(
                "{name}/.sqlx is not up to date ({different} files): run `./test prepare` and commit it"
            ));
        }
    }
    Ok(())
}

fn committed(name: &str) -> PathBuf {
    root().join(name).join(".sqlx")
}

/// The records of `shared` and of `worker`, which depends on it. When `shared` is compiled, `worker` is
/// too, so the first compilation records the queries of both.
fn records(url: &str) -> Result<[(&'static str, Record); 2]> {
    check_dependencies()?;
    let mut shared = compile("shared", url)?;
    let worker = compile("worker", url)?;
    shared.retain(|file, _| !worker.contains_key(file));
    Ok([("shared", shared), ("worker", worker)])
}

/// Builds the dependencies, offline: apalis-postgres has queries that do not belong to our record. Our
/// own crates may fail here because of a new query. They are checked afterwards.
fn check_dependencies() -> Result<()> {
    cargo()
        .args(["check", "--quiet", "--all-features"])
        .args(INNER)
        .env("SQLX_OFFLINE", "true")
        .env_remove("DATABASE_URL")
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    Ok(())
}

/// Compiles a crate and those that depend on it, and returns what they recorded.
fn compile(name: &str, url: &str) -> Result<Record> {
    let folder = target().join("sqlx-record");
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    // The macros run only when their crate is compiled. cargo compiles it if its file is newer than the
    // last build, so the host's clock is the right one here.
    let library = root().join(name).join("src/lib.rs");
    File::open(&library)
        .and_then(|file| file.set_modified(SystemTime::now()))
        .map_err(|error| format!("cannot touch {}: {error}", library.display()))?;
    run(cargo()
        .args(["check", "--quiet", "--all-features"])
        .args(INNER)
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &folder)
        .env("DATABASE_URL", url))?;
    read(&folder)
}

fn read(folder: &Path) -> Result<Record> {
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
