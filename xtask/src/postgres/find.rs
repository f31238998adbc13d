//! Finds PostgreSQL's programs.

use super::install;
use crate::Result;
use crate::shell::{is_executable, on_path, output};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The oldest major version that works.
const OLDEST: u32 = 15;

/// A folder with `postgres`, `initdb` and `pg_ctl`, of one version.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// The folder.
    pub folder: PathBuf,
    /// 15, 16 …
    pub major: u32,
}

/// Looks in this order: `PROPERTY_LOUNGE_POSTGRES_BIN`, PATH, the folders of packages, our own installation. Chooses
/// the newest, or the major version of existing data.
pub(super) fn find(major: Option<u32>) -> Result<Option<Binaries>> {
    if let Some(named) = env::var_os("PROPERTY_LOUNGE_POSTGRES_BIN") {
        let folder = PathBuf::from(named);
        let found = inspect(&folder).ok_or_else(|| {
            format!(
                "PROPERTY_LOUNGE_POSTGRES_BIN is {}, which has no postgres, initdb and pg_ctl of version {OLDEST} or newer",
                folder.display()
            )
        })?;
        return Ok(Some(found));
    }
    let on_path = on_path("postgres")
        // A link in /usr/local/bin points to the folder that also has initdb.
        .and_then(|postgres| fs::canonicalize(postgres).ok())
        .and_then(|postgres| postgres.parent().map(Path::to_owned));
    let mut found: Vec<Binaries> = system_folders()
        .iter()
        .filter_map(|folder| inspect(folder))
        .collect();
    found.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
    let candidates = on_path
        .as_deref()
        .and_then(inspect)
        .into_iter()
        .chain(found);
    Ok(candidates
        .filter(has_extensions)
        .find(|binaries| major.is_none_or(|major| binaries.major == major)))
}

fn system_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (parent, inner) in [
        ("/usr/lib/postgresql", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "bin"),
    ] {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        folders.extend(entries.map(|entry| entry.path().join(inner)));
    }
    // Red Hat's packages: /usr/pgsql-17/bin.
    let usr = fs::read_dir("/usr").into_iter().flatten().flatten();
    folders.extend(
        usr.filter(|entry| entry.file_name().to_string_lossy().starts_with("pgsql-"))
            .map(|entry| entry.path().join("bin")),
    );
    folders.extend(install::installed_folders());
    folders
}

fn inspect(folder: &Path) -> Option<Binaries> {
    let complete = ["postgres", "initdb", "pg_ctl"]
        .iter()
        .all(|program| is_executable(&folder.join(program)));
    if !complete {
        return None;
    }
    // "postgres (PostgreSQL) 15.18 (Debian …)"
    let version = output(Command::new(folder.join("postgres")).arg("--version")).ok()?;
    let major = version
        .split_whitespace()
        .find_map(|word| word.split('.').next()?.parse::<u32>().ok())?;
    (major >= OLDEST).then(|| Binaries {
        folder: folder.to_owned(),
        major,
    })
}

/// apalis's migrations create hstore and pgcrypto, which some packages leave out.
fn has_extensions(binaries: &Binaries) -> bool {
    let prefix = binaries.folder.parent().unwrap_or(&binaries.folder);
    let major = binaries.major;
    let told = output(Command::new(binaries.folder.join("pg_config")).arg("--sharedir")).ok();
    let mut shares: Vec<PathBuf> = told
        .map(|share| PathBuf::from(share.trim()))
        .into_iter()
        .collect();
    shares.extend([
        prefix.join("share/postgresql"),
        prefix.join("share"),
        prefix.join(format!("share/postgresql@{major}")),
        PathBuf::from(format!("/usr/share/postgresql/{major}")),
        PathBuf::from("/usr/share/pgsql"),
    ]);
    let shares = shares.iter().map(|share| share.join("extension"));
    shares.into_iter().any(|folder| {
        folder.join("hstore.control").exists() && folder.join("pgcrypto.control").exists()
    })
}
