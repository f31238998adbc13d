//! Checks that the binaries enable the same features of the libraries that they share, so that each is built once
//! (ADR 13).

use crate::Result;
use crate::shell::{cargo, output};
use crate::workspace::offline;
use std::collections::{BTreeMap, BTreeSet};

/// Libraries of which one binary needs much more than the others, and what follows from them.
const DIFFER: [&str; 2] = ["poem", "quick-xml"];
const BINARIES: [&str; 3] = ["api", "worker", "device"];

/// The features of each library, by its name and version. A library that is also built for a macro, which runs while
/// we build, is in the tree twice; its features are those of both.
type Features = BTreeMap<String, BTreeSet<String>>;

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
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}|{f}",
    ];
    let told = output(offline(cargo().args(tree)))?;
    Ok(read(&told))
}

fn read(told: &str) -> Features {
    let mut features = Features::new();
    let lines = told.lines().map(|line| line.trim_end_matches(" (*)"));
    for (library, enabled) in lines.filter_map(|line| line.split_once('|')) {
        let of_library = features.entry(library.to_owned()).or_default();
        let enabled = enabled.split(',').filter(|feature| !feature.is_empty());
        of_library.extend(enabled.map(str::to_owned));
    }
    features
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
        let api = read("serde_json v1.0.1|std\npoem v3.1.0|xml\nhex v0.4.3|\nhex v0.4.3|alloc (*)");
        let device =
            read("serde_json v1.0.1|alloc,std\npoem v3.1.0|\nhex v0.4.3|alloc\nhex v0.4.3|");
        let different = differing(&[api.clone(), device]);
        assert_eq!(
            different.into_iter().collect::<Vec<_>>(),
            ["serde_json v1.0.1"]
        );
        assert!(differing(&[api.clone(), api]).is_empty());
    }
}
