//! The linked device: its own crate with its own licence and some 200 dependencies that no other crate has. Built and
//! tested separately.

use crate::Result;
use crate::shell::{built, cargo, output, run};
use crate::tools;
use crate::workspace::{INNER, build_processes, offline};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

/// What the tests' mock of WhatsApp needs, and no shipped binary contains.
const FEATURE_OF_THE_MOCK: &str = "danger-skip-cert-chain-verify";

/// Checks what must not be linked into other crates, and what must not be shipped.
pub fn stays_apart() -> Result<()> {
    let tree = |arguments: &[&str]| output(cargo().args(["tree", "--locked"]).args(arguments));
    let everything = ["--all-features", "--target", "all", "--prefix", "none"];
    let others = tree(&[&INNER[..], &everything].concat())?;
    let own = tree(&[&["--package", "device"][..], &everything].concat())?;
    let has = |tree: &str, word: &str| tree.lines().any(|line| line.starts_with(word));
    for word in ["whatsapp-rust ", "wacore ", "waproto ", "device "] {
        if has(&others, word) {
            return Err(format!(
                "{word}is linked into another crate than the device: it is AGPL"
            ));
        }
        // Control: the search finds it where it is.
        if !has(&own, word) {
            return Err(format!("{word}was not found even in the device"));
        }
    }
    let shipped = tree(&[
        "-p",
        "device",
        "-e",
        "normal,features",
        "-i",
        "wacore-noise",
    ])?;
    if shipped.contains(FEATURE_OF_THE_MOCK) {
        return Err(format!("the shipped device has {FEATURE_OF_THE_MOCK}"));
    }
    // Control: the search finds it where it is.
    let tested = tree(&[
        "-p",
        "device",
        "--features",
        "mock-server",
        "-e",
        "normal,features",
        "-i",
        "wacore-noise",
    ])?;
    if !tested.contains(FEATURE_OF_THE_MOCK) {
        return Err(format!("the tests' device lacks {FEATURE_OF_THE_MOCK}"));
    }
    Ok(())
}

/// What only a binary of the tests contains.
const SETTING_OF_THE_MOCK: &str = "WA_MOCK_URL";

/// Builds the shipped binary, and searches it.
pub fn build_and_look() -> Result<()> {
    build()?;
    // Unoptimised, the search through so large a file would take longer than the build.
    let has = |word| {
        let mut look = Command::new("grep");
        look.args(["-q", "-a", word]).arg(built("device"));
        look.status().is_ok_and(|status| status.success())
    };
    // Control: what the binary must contain is found.
    if has(SETTING_OF_THE_MOCK) || !has("WA_DEVICE_KEY") {
        return Err("the shipped device can be pointed to a mock of WhatsApp".to_owned());
    }
    Ok(())
}

/// Builds the binary that is shipped.
pub fn build() -> Result<()> {
    run(offline(cargo().args([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "device",
    ])))
}

/// Its lints and documentation.
pub fn lint() -> Result<()> {
    run(offline(cargo().args([
        "clippy",
        "--quiet",
        "--package",
        "device",
        "--all-features",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])))?;
    let mut document = cargo();
    document
        .args([
            "doc",
            "--quiet",
            "--package",
            "device",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "-D warnings");
    run(offline(&mut document))
}

/// Its tests, against a mock of WhatsApp. They need cargo-nextest.
pub fn test(url: &str, long: bool, arguments: &[&String]) -> Result<()> {
    build_processes()?;
    let mut tests = tools::command("cargo-nextest");
    tests.args([
        "nextest",
        "run",
        "--package",
        "device",
        "--features",
        "mock-server",
    ]);
    if long {
        tests
            .args(["--profile", "long"])
            .env("PROPERTY_LOUNGE_LONG_TESTS", "true");
    }
    tests.args(arguments).env("TEST_DATABASE_URL", url);
    run(offline(&mut tests))
}

/// A secret of this checkout, made at first use and readable only by its owner.
pub fn secret(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    let told = |error| format!("cannot keep {}: {error}", path.display());
    if let Ok(secret) = fs::read_to_string(&path)
        && secret.trim().len() == 64
    {
        return Ok(secret.trim().to_owned());
    }
    let mut bytes = [0u8; 32];
    fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .map_err(told)?;
    let secret = bytes.iter().fold(String::new(), |mut secret, byte| {
        write!(secret, "{byte:02x}").expect("a string grows");
        secret
    });
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&path)
        .and_then(|mut file| file.write_all(secret.as_bytes()))
        .map_err(told)?;
    Ok(secret)
}
