//! What operators install: units that can do little, and no superuser.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The most exposure that a unit may have, in tenths: `systemd-analyze` calls 2.0 and less OK.
const MOST_EXPOSED: &str = "20";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn a_unit_is_exposed_little() {
    let units = std::fs::read_dir(root().join("deploy/systemd")).expect("the units");
    let units: Vec<PathBuf> = units.map(|unit| unit.expect("a unit").path()).collect();
    assert!(units.len() >= 4, "{units:?}");
    for unit in units {
        let text = std::fs::read_to_string(&unit).expect("a text");
        assert!(text.contains("CapabilityBoundingSet=\n"), "{unit:?}");
        let analysed = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager"])
            .arg(format!("--threshold={MOST_EXPOSED}"))
            .arg(&unit)
            .output();
        // A machine without systemd cannot say it; the line above can.
        let Ok(analysed) = analysed else { continue };
        let told = String::from_utf8_lossy(&analysed.stdout);
        let last = told.lines().last().unwrap_or_default();
        assert!(analysed.status.success(), "{unit:?}: {last}");
    }
}

#[test]
fn docker_compose_gives_no_process_a_superuser_or_a_capability() {
    let text = std::fs::read_to_string(root().join("docker-compose.yml")).expect("a text");
    let urls: Vec<&str> = text
        .lines()
        .filter(|line| line.trim_start().starts_with("DATABASE_URL:"))
        .collect();
    assert_eq!(urls.len(), 2, "{urls:?}");
    for url in urls {
        assert!(
            url.contains("//property_lounge_app:") || url.contains("//property_lounge_owner:"),
            "{url}"
        );
    }
    for line in ["read_only: true", "cap_drop: [ALL]", "no-new-privileges"] {
        assert!(text.contains(line), "{line}");
    }
}
