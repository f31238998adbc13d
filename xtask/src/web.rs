//! The desk under `web/`: built, and compared with the committed build.

use crate::Result;
use crate::npm::{ensure, npm};
use crate::shell::{root, run};
use std::path::PathBuf;

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

/// Debian's Chromium, or the one that `CHROMIUM` names. `None` if there is none.
pub fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].map(PathBuf::from);
    named.into_iter().chain(usual).find(|path| path.exists())
}

/// Installs what the desk's stories need. Returns whether they can run: they need a browser. Says so if they cannot.
pub fn ensure_for_stories() -> Result<bool> {
    if chromium().is_some() {
        ensure(&folder())?;
        return Ok(true);
    }
    println!(
        "There is no Chromium, so the desk is not tried in a browser: install it (Debian: `apt-get install chromium`) or name it with CHROMIUM."
    );
    Ok(false)
}
