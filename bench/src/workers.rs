//! Worker processes: this binary again, each in its own process, so that one can be killed.

use anyhow::Context;
use std::process::{Child, Command, Stdio};
use tokio::sync::watch;
use worker::config::Settings;

/// Runs as a worker until it is killed or stopped.
pub(crate) async fn work(settings: &Settings) -> anyhow::Result<()> {
    let (stopping, stop) = watch::channel(false);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        terminate.recv().await;
        stopping.send_replace(true);
    });
    let traces = shared::telemetry::init(&settings.common.telemetry, "worker");
    worker::run(settings, settings.app()?, stop).await?;
    traces.end().await;
    Ok(())
}

/// Worker processes. Dropping this value ends them.
pub(crate) struct Workers(Vec<Child>);

impl Workers {
    pub(crate) fn start(count: usize, database_url: &str) -> anyhow::Result<Self> {
        Self::start_with(count, database_url, &[])
    }

    /// With further settings.
    pub(crate) fn start_with(
        count: usize,
        database_url: &str,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let this = std::env::current_exe().context("this binary has no path")?;
        let mut workers = Self(Vec::new());
        for _ in 0..count {
            workers.0.push(
                Command::new(&this)
                    .arg("worker")
                    .env("DATABASE_URL", database_url)
                    .env("WORKER_PORT", "0")
                    .env("LOG", "warn")
                    .envs(settings.iter().copied())
                    .stdin(Stdio::null())
                    .spawn()
                    .context("a worker cannot be started")?,
            );
        }
        Ok(workers)
    }

    /// Kills one worker, like a power cut.
    pub(crate) fn kill_one(&mut self) {
        if let Some(mut victim) = self.0.pop() {
            victim.kill().ok();
            victim.wait().ok();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for child in &self.0 {
            xtask::shell::terminate(child.id());
        }
        for child in &mut self.0 {
            child.wait().ok();
        }
    }
}
