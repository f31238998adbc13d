//! Two kept runs side by side: what moved, and what is noise.

use crate::all::{Values, spread};
use anyhow::Context;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The run that was kept before (`bench all --out`).
    before: PathBuf,
    /// The run to be compared with it.
    after: PathBuf,
}

/// Prints what moved between two kept runs. A median that moved, but whose values lie within the other run's, is noise.
pub(crate) fn compare(options: &Options) -> anyhow::Result<()> {
    let (before, after) = (read(&options.before)?, read(&options.after)?);
    let mut worse = Vec::new();
    println!("{:<64} {:>10} {:>10} {:>7}", "", "before", "after", "ratio");
    for (name, old) in &before {
        let Some(new) = after.get(name) else { continue };
        let ((was, least, most), (is, new_least, new_most)) = (spread(old), spread(new));
        let verdict = if new_least <= most && new_most >= least {
            "noise"
        } else if (is > was) == more_is_better(name) {
            "better"
        } else {
            worse.push(name);
            "WORSE"
        };
        println!(
            "{name:<64} {was:>10.3} {is:>10.3} {:>7.2} {verdict}",
            is / was
        );
    }
    println!("{}", json!({ "figure": "compare", "worse": worse }));
    Ok(())
}

/// Rates and ratios; everything else is a time or a cost.
fn more_is_better(name: &str) -> bool {
    ["per_second", "ratio"]
        .iter()
        .any(|part| name.contains(part))
}

fn read(path: &Path) -> anyhow::Result<Values> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

#[cfg(test)]
mod tests {
    use super::more_is_better;

    #[test]
    fn a_rate_is_better_if_it_is_higher() {
        assert!(more_is_better("jobs.per_second") && !more_is_better("lateness.p50"));
    }
}
