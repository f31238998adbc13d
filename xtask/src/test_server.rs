//! The PostgreSQL server that tests use.

use crate::Result;
use crate::postgres::{Cluster, Profile, binaries};
use crate::shell::{fingerprint, output, root};
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The test server: the one of `TEST_DATABASE_URL`, or our own temporary one, which all runs of the same checkout share
/// and the last run stops.
pub(crate) struct Server {
    /// Where a database of it is reached.
    pub(crate) url: String,
    cluster: Option<(Cluster, File)>,
}

impl Server {
    /// Starts it, unless it runs.
    pub(crate) fn open(yes: bool) -> Result<Self> {
        if let Some(url) = env::var("TEST_DATABASE_URL")
            .ok()
            .filter(|url| !url.is_empty())
        {
            return Ok(Self { url, cluster: None });
        }
        // One run at a time starts or stops the server. Those that use it hold the other lock together.
        let turn = turn()?;
        let users = lock_file("test-server.lock")?;
        let folder = test_folder();
        let programs = binaries(Cluster::major_of(&folder), yes)?;
        let cluster = Cluster::start(&programs, &folder, Profile::ThrowAway)?;
        users
            .lock_shared()
            .map_err(|error| format!("the test server cannot be locked: {error}"))?;
        drop(turn);
        Ok(Self {
            url: cluster.url("postgres"),
            cluster: Some((cluster, users)),
        })
    }

    /// Stops it, unless another run uses it.
    pub(crate) fn close(self) -> Result<()> {
        let Some((cluster, users)) = self.cluster else {
            return Ok(());
        };
        let _turn = turn()?;
        users.unlock().ok();
        if users.try_lock().is_ok() {
            cluster.destroy()?;
        }
        Ok(())
    }
}

/// Waits until no other run starts or stops the test server. Held until the value is dropped.
fn turn() -> Result<File> {
    let turn = lock_file("test-server.turn")?;
    turn.lock()
        .map_err(|error| format!("the test server cannot be locked: {error}"))?;
    Ok(turn)
}

fn lock_file(name: &str) -> Result<File> {
    let path = root().join("target").join(name);
    fs::create_dir_all(root().join("target"))
        .map_err(|error| format!("cannot make target/: {error}"))?;
    File::create(&path).map_err(|error| format!("cannot open {}: {error}", path.display()))
}

/// In memory if there is enough.
fn test_folder() -> PathBuf {
    let name = format!("property-lounge-{}", fingerprint(&root()));
    if free_gigabytes(Path::new("/dev/shm")) >= 2 {
        Path::new("/dev/shm").join(name)
    } else {
        root().join("target/test-postgres")
    }
}

fn free_gigabytes(folder: &Path) -> u64 {
    // The second line's fourth column: kilobytes available (POSIX).
    output(Command::new("df").arg("-Pk").arg(folder))
        .ok()
        .and_then(|told| told.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok())
        .map_or(0, |kilobytes: u64| kilobytes >> 20)
}
