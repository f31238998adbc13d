//! The `api` binary: serve · migrate · seed · openapi.

use anyhow::Context;
use api::config::{Cli, Command, Import, Settings};
use api::feed::Feed;
use clap::Parser;
use poem::Server;
use poem::listener::{Acceptor, Listener, TcpListener};
use shared::{db, seed, telemetry};
use std::io::Write;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};

/// How long requests that are under way may take to finish once the api is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // The environment wins over `.env`.
    dotenvy::dotenv().ok();
    match Cli::parse().command {
        Command::Serve(settings) => serve(&settings).await,
        Command::Migrate(database) => {
            let options = db::options(&database.database_url, "property-lounge-migrate")?;
            db::create_if_missing(&database.database_url)
                .await
                .context("cannot reach the server, or cannot create the database on it")?;
            let pool = db::patient_pool(options);
            db::migrate(&pool).await.context("cannot migrate")
        }
        Command::Seed(settings) => seed(&settings).await,
        Command::Import(import) => bring_over(&import).await,
        Command::Health { port } => health(port).await,
        Command::Openapi => Ok(std::io::stdout().write_all(api::document().as_bytes())?),
    }
}

async fn health(port: u16) -> anyhow::Result<()> {
    let ask = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream
            .write_all(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
            .await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        anyhow::Ok(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(2), ask)
        .await
        .context("no answer within two seconds")??;
    let status = answer.lines().next().unwrap_or_default();
    anyhow::ensure!(status.contains(" 200 "), "not ready: {status}");
    Ok(())
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    telemetry::init(&settings.telemetry);
    let app = settings.app().context("the settings are wrong")?;
    let auth = settings.auth().context("the settings are wrong")?;
    let secrets = settings
        .webhook_secrets()
        .context("the settings are wrong")?;
    let acceptor = TcpListener::bind((settings.host.to_string(), settings.port))
        .into_acceptor()
        .await
        .with_context(|| {
            format!(
                "cannot serve on {}:{}; set PORT to a free port",
                settings.host, settings.port
            )
        })?;
    let address = acceptor.local_addr().first().map(ToString::to_string);
    tracing::info!(address, "api.started");
    let feed = Feed::new(app.clone());
    let closing = feed.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("api.stopping: finishing the requests at hand");
        // Open feeds would last until the end of the wait.
        closing.close();
    };
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(api::app_with(app, auth, secrets, feed), stop, Some(DRAIN))
        .await?;
    tracing::info!("api.stopped");
    Ok(())
}

async fn bring_over(import: &Import) -> anyhow::Result<()> {
    let options = db::options(&import.old_database_url, "property-lounge-import")?;
    let old = db::patient_pool(options);
    let done = shared::import::import(&import.settings.app()?, &old, &import.old_lead_columns)
        .await
        .context("cannot import; nothing was written")?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "Brought over {} users, {} accounts, {} sessions, {} verifications, {} places and {} leads; left {} rows.",
        done.users,
        done.accounts,
        done.sessions,
        done.verifications,
        done.places,
        done.leads,
        done.left
    )?;
    for (lead, reason) in done.unread {
        writeln!(out, "  left lead {lead}: {reason}")?;
    }
    Ok(())
}

async fn seed(settings: &Settings) -> anyhow::Result<()> {
    let seeded = seed::seed(&settings.app()?).await.context("cannot seed")?;
    let mut out = std::io::stdout();
    if seeded.is_empty() {
        writeln!(out, "There are users already; nothing was seeded.")?;
        return Ok(());
    }
    writeln!(
        out,
        "Seeded these users. Their passwords are shown this once:"
    )?;
    for person in seeded {
        let (name, email, password) = (person.name, person.email, person.password);
        writeln!(out, "  {name:<8} {email:<30} {password}")?;
    }
    Ok(())
}
