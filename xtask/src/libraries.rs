//! The libraries of other people: which known weaknesses they have, and the bills of materials of what we ship.

use crate::Result;
use crate::npm::npm;
use crate::shell::{output, root, run, target};
use crate::tools;
use std::fs;
use std::path::Path;

/// The folders whose npm packages are locked. The first is shipped: the desk is a part of the api.
const NPM: [&str; 3] = ["web", "openapi/client", "bench/twin"];
/// The packages whose binaries are shipped.
const SHIPPED: [&str; 3] = ["api", "worker", "device"];

/// Compares every locked library with the public lists of known weaknesses. Needs github.com (the list of `RustSec`) and npm's registry.
/// A list that cannot be read is a failure, and says so. All are asked, also after a failure.
pub fn advisories(yes: bool) -> Result<()> {
    tools::ensure(yes)?;
    let mut failed = Vec::new();
    let rust = run(tools::command("cargo-deny").args(["--all-features", "check", "advisories"]));
    failed.extend(rust.err());
    for folder in NPM {
        let audited = run(&mut npm(
            &root().join(folder),
            &["audit", "--package-lock-only"],
        ));
        failed.extend(audited.err().map(|error| format!("{folder}: {error}")));
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(failed.join("\n"))
}

/// The name, without `.json`, of what cargo-cyclonedx writes beside the Cargo.toml of every package.
const BESIDE: &str = "bill-of-materials";

/// Writes a bill of materials (`CycloneDX`, JSON) of each shipped binary and of the desk into `target/sbom`.
pub fn bills_of_materials(yes: bool) -> Result<()> {
    tools::ensure_on_demand("cargo-cyclonedx", yes)?;
    let folder = target().join("sbom");
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let described = run(tools::command("cargo-cyclonedx").args([
        "cyclonedx",
        "--quiet",
        "--format=json",
        "--spec-version=1.5",
        "--no-build-deps",
        "--override-filename",
        BESIDE,
    ]));
    let collected = collect(&folder);
    described.and(collected)?;
    let arguments = [
        "sbom",
        "--package-lock-only",
        "--omit=dev",
        "--sbom-format=cyclonedx",
    ];
    let desk = output(&mut npm(&root().join(NPM[0]), &arguments))?;
    let path = folder.join("desk.json");
    fs::write(&path, desk).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    println!("The bills of materials are in {}.", folder.display());
    Ok(())
}

/// Moves the bills of what is shipped into a folder, and deletes the others.
fn collect(folder: &Path) -> Result<()> {
    let members =
        fs::read_dir(root()).map_err(|error| format!("cannot read the checkout: {error}"))?;
    for member in members.flatten() {
        let written = member.path().join(format!("{BESIDE}.json"));
        let name = member.file_name();
        let Some(package) = SHIPPED.into_iter().find(|package| name == *package) else {
            fs::remove_file(written).ok();
            continue;
        };
        // Copied, because CARGO_TARGET_DIR can be on another disk.
        fs::copy(&written, folder.join(format!("{package}.json")))
            .and_then(|_| fs::remove_file(&written))
            .map_err(|error| format!("cannot move {}: {error}", written.display()))?;
    }
    Ok(())
}
