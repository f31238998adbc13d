//! What operators install: units that can do little, and no superuser.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The most exposure that a unit may have, in tenths: `systemd-analyze` calls 2.0 and less OK.
const MOST_EXPOSED: &str = "20";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).expect(file)
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

/// The names of metrics in a text, without their prefix and what Prometheus adds to histograms.
fn metrics_in(text: &str) -> BTreeSet<String> {
    text.split("property_lounge_")
        .skip(1)
        .map(|rest| {
            let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            let name: String = rest.chars().take_while(|c| is_part(*c)).collect();
            let known = ["_bucket", "_count", "_sum"];
            let base = known.iter().find_map(|end| name.strip_suffix(end));
            base.map_or(name.clone(), str::to_owned)
        })
        .collect()
}

#[test]
fn every_metric_of_the_alerts_and_the_dashboard_is_described_for_operators() {
    let page = read("docs/operators/operations.md");
    let described: BTreeSet<&str> = page.split('`').skip(1).step_by(2).collect();
    for file in ["alerts.yml", "dashboard.json"] {
        let used = metrics_in(&read(&format!("deploy/observability/{file}")));
        assert!(used.len() > 10, "{file}");
        let unknown: Vec<&String> = used
            .iter()
            .filter(|name| !described.contains(name.as_str()))
            .collect();
        assert_eq!(unknown, Vec::<&String>::new(), "{file}");
    }
}
