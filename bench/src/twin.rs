//! `bench/twin`: the previous server's kind of program, Express 5 with drizzle, for an honest comparison.

use crate::api_process::client;
use anyhow::{Context, ensure};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::sleep;

const PORT: &str = "39104";

/// The twin in its own process. Dropping this value ends it.
pub(crate) struct Twin {
    child: Child,
    pub(crate) url: String,
}

impl Twin {
    /// Installs what the twin needs from the npm registry, as its lock file says, and starts it.
    pub(crate) fn start(database_url: &str) -> anyhow::Result<Self> {
        let folder = xtask::shell::root().join("bench/twin");
        if !folder.join("node_modules").exists() {
            println!("npm ci in bench/twin (express, drizzle-orm, pg)");
            let installed = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&folder)
                .status()
                .context("npm cannot be started: install Node")?;
            ensure!(installed.success(), "npm ci failed in bench/twin");
        }
        let child = Command::new("node")
            .arg("server.mjs")
            .current_dir(&folder)
            .env("DATABASE_URL", database_url)
            .env("PORT", PORT)
            .stdin(Stdio::null())
            .spawn()
            .context("node cannot be started")?;
        Ok(Self {
            child,
            url: format!("http://127.0.0.1:{PORT}"),
        })
    }

    pub(crate) async fn is_ready(&self) -> anyhow::Result<()> {
        let http = client()?;
        for _ in 0..200 {
            if http
                .get(format!("{}/health", self.url))
                .send()
                .await
                .is_ok()
            {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("the twin does not start")
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
