//! schemathesis: sends requests that the OpenAPI document allows and requests that it forbids, and compares the answers
//! with it. Installed in its own environment, beside the other tools.

use crate::Result;
use crate::shell::{may_install, on_path, run, succeeds};
use crate::tools::cache;
use std::path::PathBuf;
use std::process::Command;

/// PyPI's package, pinned.
const PACKAGE: &str = "schemathesis==4.32.5";

/// The program, after [`ensure`] has installed it.
pub fn binary() -> PathBuf {
    cache()
        .join(PACKAGE.replace("==", "-"))
        .join("bin/schemathesis")
}

/// Installs it, after saying so.
pub fn ensure(yes: bool) -> Result<()> {
    if succeeds(Command::new(binary()).arg("--version")) {
        return Ok(());
    }
    let Some(python) = on_path("python3") else {
        return Err(
            "Python 3.10 or newer is missing: install it, then run ./test again".to_owned(),
        );
    };
    if !may_install(&format!("schemathesis (PyPI package {PACKAGE})"), yes) {
        return Err(format!("schemathesis is missing: pip install {PACKAGE}"));
    }
    let folder = cache().join(PACKAGE.replace("==", "-"));
    run(Command::new(python).args(["-m", "venv"]).arg(&folder))?;
    run(Command::new(folder.join("bin/pip")).args([
        "--disable-pip-version-check",
        "install",
        "--quiet",
        PACKAGE,
    ]))
}
