//! An api process: this binary again, in its own process.

use anyhow::Context;
use api::auth::Auth;
use api::config::Settings;
use api::feed::Feed;
use clap::Parser;
use secrecy::SecretString;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::sleep;

const SECRET: &str = "a secret of the benchmark, thirty-two long";

/// The `Cookie` header of a session with this token.
pub(crate) fn cookie_of(token: &str) -> String {
    let secret = SecretString::from(SECRET);
    Auth::new(secret, "http://localhost:3001", &[], false, false).cookie_of(token)
}

/// A client for many requests.
pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    shared::providers::graph::choose_tls();
    Ok(reqwest::Client::builder()
        .timeout(Duration::from_secs(600))
        .build()?)
}

/// Serves as an api until it is killed: the child process of [`Api`].
pub(crate) async fn serve(settings: &Settings) -> anyhow::Result<()> {
    use api::connections::{Connections, Guarded};
    use poem::EndpointExt;
    use poem::listener::{Listener, TcpListener};
    let traces = shared::telemetry::init(&settings.common.telemetry, "api");
    let app = settings.app()?;
    let (intake, feed) = (settings.intake(&app)?, Feed::new(app.clone()));
    let secrets = settings.webhook_secrets()?;
    let app = api::app_with(app, intake, settings.auth()?, secrets, feed);
    let listener = TcpListener::bind((settings.host.to_string(), settings.port));
    let connections = Connections::new(settings.limits());
    let acceptor = Guarded::new(listener.into_acceptor().await?, connections.clone());
    let app = app.around(move |next, request| connections.clone().watch(next, request));
    poem::Server::new_with_acceptor(acceptor).run(app).await?;
    traces.end().await;
    Ok(())
}

/// The settings of a child process.
#[derive(Parser)]
pub(crate) struct ApiProcess {
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// An api in its own process.
pub(crate) struct Api {
    child: Child,
    pub(crate) url: String,
}

impl Api {
    pub(crate) fn start(database_url: &str, port: u16) -> anyhow::Result<Self> {
        Self::start_with(database_url, port, &[])
    }

    /// With further settings.
    pub(crate) fn start_with(
        database_url: &str,
        port: u16,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let child = Command::new(std::env::current_exe()?)
            .arg("api")
            .env("DATABASE_URL", database_url)
            .env("PORT", port.to_string())
            .env("BETTER_AUTH_SECRET", SECRET)
            .env("LOG", "warn")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .spawn()
            .context("an api cannot be started")?;
        Ok(Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        })
    }

    pub(crate) async fn is_ready(&self, http: &reqwest::Client) -> anyhow::Result<()> {
        for _ in 0..200 {
            let answer = http.get(format!("{}/health/live", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("an api does not start")
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(format!(
            "/proc/{}/{file}",
            self.child.id()
        ))?)
    }

    /// Resident memory, in KiB.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let status = self.proc("status")?;
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .context("no VmRSS")?;
        Ok(line
            .split_whitespace()
            .nth(1)
            .context("no figure")?
            .parse()?)
    }

    /// CPU time, in hundredths of a second (the kernel's ticks).
    pub(crate) fn processor(&self) -> anyhow::Result<u64> {
        let stat = self.proc("stat")?;
        let (_, after) = stat.rsplit_once(')').context("no name")?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        Ok(fields[11].parse::<u64>()? + fields[12].parse::<u64>()?)
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
