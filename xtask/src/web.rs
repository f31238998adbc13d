//! The desk under `web/`: built, and compared with the committed build.

use crate::Result;
use crate::npm::{ensure, npm};
use crate::shell::{root, run};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    root().join("web")
}

/// Builds the desk into `web/dist`.
pub fn write() -> Result<()> {
    ensure(&folder())?;
    run(&mut npm(&folder(), &["run", "--silent", "build"]))
}

/// Checks the types, that the committed build is what the sources give, and its budgets.
pub fn check() -> Result<()> {
    ensure(&folder())?;
    run(&mut npm(&folder(), &["run", "--silent", "check"]))
}

/// Installs what the desk's stories need. Says if they cannot run: they need a browser.
pub fn ensure_for_stories() -> Result<()> {
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
    let named = std::env::var_os("CHROMIUM").is_some();
    if named || known.iter().any(|path| Path::new(path).exists()) {
        return ensure(&folder());
    }
    println!(
        "There is no Chromium, so the desk is not tried in a browser: install it (Debian: `apt-get install chromium`) or name it with CHROMIUM."
    );
    Ok(())
}
