//! Our own PostgreSQL: its data, its socket, start and stop.

use super::Binaries;
use super::run_as::RunAs;
use crate::Result;
use crate::shell::{fingerprint, is_root, output, succeeds};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The longest path of a socket on the system, without `/.s.PGSQL.5432`.
const LONGEST_SOCKET_FOLDER: usize = 107 - 18;

/// How durable the data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// No acknowledged commit is lost: PostgreSQL's own defaults.
    Durable,
    /// Lost at a power cut, and deleted after the tests.
    ThrowAway,
    /// Durable, with the time of every commit and, if it can, the cost of every statement, for benchmarks.
    Measured,
}

/// A cluster in a folder. It continues to run when this value is dropped; [`Cluster::stop`] stops it.
#[derive(Clone, Debug)]
pub struct Cluster {
    binaries: Binaries,
    run_as: RunAs,
    data: PathBuf,
    socket: PathBuf,
    profile: Profile,
}

impl Cluster {
    /// The major version of the data in this folder, if there is any.
    pub fn major_of(folder: &Path) -> Option<u32> {
        let folder = Self::placed(folder);
        let version = fs::read_to_string(folder.join("data/PG_VERSION")).ok()?;
        version.trim().parse().ok()
    }

    /// Starts the cluster in `folder`, and creates it if needed. Uses it if it runs already.
    pub fn start(binaries: &Binaries, folder: &Path, profile: Profile) -> Result<Self> {
        let run_as = RunAs::choose()?;
        let folder = Self::placed(folder);
        run_as.make_folder(&folder)?;
        let cluster = Self {
            binaries: binaries.clone(),
            run_as,
            data: folder.join("data"),
            socket: socket_folder(&folder),
            profile,
        };
        run_as.make_folder(&cluster.socket)?;
        if !cluster.data.join("PG_VERSION").exists() {
            cluster.initialize()?;
        }
        if !cluster.is_running() {
            cluster.launch()?;
        }
        Ok(cluster)
    }

    /// The real folder of a cluster for `folder`: another one if PostgreSQL must run as a user who cannot reach it.
    fn placed(folder: &Path) -> PathBuf {
        let elsewhere = Path::new("/var/lib/property-lounge").join(fingerprint(folder));
        if !is_root() || folder.starts_with("/dev/shm") {
            return folder.to_owned();
        }
        if elsewhere.exists() {
            return elsewhere;
        }
        let reached = RunAs::choose()
            .is_ok_and(|run_as| run_as.make_folder(folder).is_ok() && run_as.reaches(folder));
        if reached {
            folder.to_owned()
        } else {
            elsewhere
        }
    }

    /// The URL of a database on this cluster.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@localhost/{database}?host={}",
            self.socket.display()
        )
    }

    /// The folder of the socket, for `psql -h`.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The folder of PostgreSQL's programs.
    pub fn programs(&self) -> &Path {
        &self.binaries.folder
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        succeeds(&mut self.pg_ctl("status")) && !self.postmaster_is_zombie()
    }

    /// Stops it after its data is on disk.
    pub fn stop(&self) -> Result<()> {
        if self.is_running() {
            output(self.pg_ctl("stop").args(["-m", "fast", "-w", "-t", "60"]))?;
        }
        Ok(())
    }

    /// Stops it like a crash: nothing is flushed, and the next start recovers.
    pub fn crash(&self) -> Result<()> {
        output(self.pg_ctl("stop").args(["-m", "immediate", "-w"])).map(drop)
    }

    /// Starts it again after [`Self::stop`] or [`Self::crash`].
    pub fn start_again(&self) -> Result<()> {
        self.launch()
    }

    /// Stops it and deletes its files.
    pub fn destroy(self) -> Result<()> {
        self.stop()?;
        fs::remove_dir_all(&self.data).ok();
        fs::remove_dir_all(&self.socket).ok();
        if let Some(folder) = self.data.parent() {
            fs::remove_dir_all(folder).ok();
        }
        Ok(())
    }

    fn initialize(&self) -> Result<()> {
        let mut initdb = self.run_as.command(&self.binaries.folder.join("initdb"));
        initdb
            .arg("-D")
            .arg(&self.data)
            .args([
                "-U",
                "postgres",
                "--auth=trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ])
            .current_dir("/");
        if cfg!(target_os = "macos") {
            // macOS has no C.UTF-8.
            initdb.arg("--locale=C");
        }
        if self.profile == Profile::ThrowAway {
            initdb.arg("--no-sync");
        }
        output(&mut initdb).map(drop)
    }

    /// Starts the server. Tries for ten seconds while the former process has not ended.
    fn launch(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let log = self.data.with_file_name("postgres.log");
            let started = output(
                self.pg_ctl("start")
                    .arg("-l")
                    .arg(&log)
                    .args(["-w", "-t", "60", "-o"])
                    .arg(self.options()),
            );
            match started {
                Ok(_) => return Ok(()),
                Err(_) if self.is_running() => return Ok(()),
                Err(_) if Instant::now() < deadline && self.postmaster_is_zombie() => {
                    sleep(Duration::from_millis(250));
                }
                Err(error) => {
                    let said = fs::read_to_string(&log).unwrap_or_default();
                    let last: Vec<&str> = said.lines().rev().take(5).collect();
                    return Err(format!("{error}; the end of {}: {last:?}", log.display()));
                }
            }
        }
    }

    fn options(&self) -> String {
        let mut options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c timezone=UTC -c log_timezone=UTC -c jit=off",
            self.socket.display()
        );
        options += match self.profile {
            Profile::Durable => " -c max_connections=100",
            Profile::Measured if self.counts_statements() => {
                " -c max_connections=200 -c track_commit_timestamp=on -c shared_preload_libraries=pg_stat_statements \
                 -c pg_stat_statements.track=all -c pg_stat_statements.track_planning=on"
            }
            Profile::Measured => " -c max_connections=200 -c track_commit_timestamp=on",
            Profile::ThrowAway => {
                " -c max_connections=200 -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
                 -c autovacuum=off -c wal_level=minimal -c max_wal_senders=0"
            }
        };
        options
    }

    /// Whether this PostgreSQL can count what each statement costs.
    fn counts_statements(&self) -> bool {
        ["../lib", "../lib/postgresql"].iter().any(|folder| {
            let library = self.binaries.folder.join(folder);
            library.join("pg_stat_statements.so").exists()
        })
    }

    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = self.run_as.command(&self.binaries.folder.join("pg_ctl"));
        // The server inherits file descriptors: it must not keep our output open.
        command
            .arg(action)
            .arg("-D")
            .arg(&self.data)
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }

    /// A postmaster that was killed and not reaped: it is dead, although the system still has its process id.
    fn postmaster_is_zombie(&self) -> bool {
        let pid = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let Some(pid) = pid.lines().next() else {
            return false;
        };
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The state follows the name, which is in parentheses.
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
    }
}

/// Beside the data, unless that path is too long for a socket.
fn socket_folder(folder: &Path) -> PathBuf {
    let beside = folder.join("socket");
    if beside.as_os_str().len() <= LONGEST_SOCKET_FOLDER {
        return beside;
    }
    PathBuf::from("/tmp").join(format!("property-lounge-{}", fingerprint(folder)))
}
