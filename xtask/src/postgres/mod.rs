//! A private, real PostgreSQL: durable for `./dev`, temporary for `./test`.

mod cluster;
mod find;
mod install;
mod run_as;

pub use cluster::{Cluster, Profile};
pub use find::Binaries;

use crate::Result;

/// PostgreSQL's programs: found, or installed after saying so. Existing data needs the same `major` version.
pub fn binaries(major: Option<u32>, yes: bool) -> Result<Binaries> {
    if let Some(found) = find::find(major)? {
        return Ok(found);
    }
    install::install(yes)?;
    find::find(major)?.ok_or_else(|| match major {
        Some(major) => format!(
            "the data was written by PostgreSQL {major}, which is not here: install it, or start afresh with ./dev --reset"
        ),
        None => install::WAYS_OUT.to_owned(),
    })
}
