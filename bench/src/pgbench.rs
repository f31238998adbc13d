//! pgbench, PostgreSQL's own load generator: what the same writes cost without us.

use anyhow::{Context, ensure};
use std::path::PathBuf;
use std::process::Command;
use xtask::postgres::binaries;

/// A script of `bench/sql`, run by several clients in a closed loop.
pub(crate) struct Script {
    /// The file's name, without its ending.
    pub(crate) name: &'static str,
    pub(crate) clients: usize,
}

impl Script {
    /// Runs the script for some seconds. Returns transactions a second.
    ///
    /// Fails if pgbench is missing or a transaction fails.
    pub(crate) fn for_seconds(&self, url: &str, seconds: u32) -> anyhow::Result<f64> {
        self.run(url, &["-T", &seconds.to_string()])
    }

    /// Runs the script this often. Returns transactions a second.
    pub(crate) fn times(&self, url: &str, transactions: usize) -> anyhow::Result<f64> {
        self.run(url, &["-t", &(transactions / self.clients).to_string()])
    }

    fn run(&self, url: &str, extent: &[&str]) -> anyhow::Result<f64> {
        let file = xtask::shell::root()
            .join("bench/sql")
            .join(format!("{}.sql", self.name));
        let clients = self.clients.to_string();
        let said = Command::new(program()?)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .args(["--client", &clients, "--file"])
            .arg(file)
            .args(extent)
            .arg(url)
            .current_dir("/")
            .output()
            .context("pgbench cannot be started")?;
        let (told, error) = (
            String::from_utf8_lossy(&said.stdout),
            String::from_utf8_lossy(&said.stderr),
        );
        ensure!(said.status.success(), "pgbench, {}: {error}", self.name);
        let line = told.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = line.and_then(|line| line.split_whitespace().next());
        Ok(rate
            .with_context(|| format!("no rate in {told}"))?
            .parse()?)
    }
}

fn program() -> anyhow::Result<PathBuf> {
    let program = binaries(None, false)
        .map_err(anyhow::Error::msg)?
        .folder
        .join("pgbench");
    ensure!(
        program.exists(),
        "{} does not exist: install PostgreSQL's pgbench",
        program.display()
    );
    Ok(program)
}
