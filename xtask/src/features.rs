//! Checks that the binaries enable the same features of the libraries that they link, so that each is built once
//! (ADR 13). Libraries that only macros and build scripts use are not compared: Cargo's tree does not tell them apart.

use crate::Result;
use crate::shell::{cargo, output};
use crate::workspace::offline;
use std::collections::{BTreeMap, BTreeSet};

/// Libraries of which one binary needs much more than the others.
const DIFFER: [&str; 1] = ["poem"];
const BINARIES: [&str; 3] = ["api", "worker", "device"];

/// The features of each library, by its name and version.
type Features = BTreeMap<String, String>;

/// Fails with the names of the libraries that would be built more than once.
pub fn check() -> Result<()> {
    let trees: Vec<Features> = BINARIES
        .iter()
        .map(|binary| tree(binary))
        .collect::<Result<_>>()?;
    let different = differing(&trees);
    if different.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = different.into_iter().collect();
    Err(format!(
        "these libraries have other features in another binary, so they are built twice: {}. Enable them in features/Cargo.toml",
        names.join(", ")
    ))
}

fn tree(binary: &str) -> Result<Features> {
    let tree = [
        "tree",
        "--package",
        binary,
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}|{f}",
    ];
    let told = output(offline(cargo().args(tree)))?;
    Ok(read(&told))
}

fn read(told: &str) -> Features {
    let lines = told.lines().map(|line| line.trim_end_matches(" (*)"));
    lines
        .filter_map(|line| line.split_once('|'))
        .map(|(library, features)| (library.to_owned(), features.to_owned()))
        .collect()
}

/// The libraries that two trees have with other features.
fn differing(trees: &[Features]) -> BTreeSet<String> {
    let mut different = BTreeSet::new();
    let mut known = Features::new();
    for (library, features) in trees.iter().flatten() {
        let name = library.split(' ').next().unwrap_or_default();
        let first = known
            .entry(library.clone())
            .or_insert_with(|| features.clone());
        if first != features && !DIFFER.contains(&name) {
            different.insert(library.clone());
        }
    }
    different
}

#[cfg(test)]
mod tests {
    use super::{differing, read};

    #[test]
    fn a_library_with_other_features_is_found() {
        let api = read("serde_json v1.0.1|std\npoem v3.1.0|xml\nhex v0.4.3| (*)");
        let device = read("serde_json v1.0.1|alloc,std\npoem v3.1.0|\nhex v0.4.3|");
        let different = differing(&[api.clone(), device]);
        assert_eq!(
            different.into_iter().collect::<Vec<_>>(),
            ["serde_json v1.0.1"]
        );
        assert!(differing(&[api.clone(), api]).is_empty());
    }
}
