//! The `api` binary: serve, check, migrate, seed, import, openapi, health.

#![allow(
    clippy::print_stderr,
    reason = "wrong settings are printed for the person who started the process"
)]

use anyhow::Context;
use api::auth::Auth;
use api::cli::{Cli, Command, Import};
use api::commands::{archive, doctor, jobs, leads, person, restore, user};
use api::config::Settings;
use api::connections::{Connections, Guarded};
use api::feed::Feed;
use api::intake::Intake;
use api::meta::WebhookSecrets;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{EndpointExt, Server};
use shared::auth::two_factor;
use shared::config::{Problems, parse};
use shared::operations::{Beating, ProcessKind};
use shared::{App, db, metrics, seed, telemetry};
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How long requests in progress can take after the api is asked to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// The name of an import in `pg_stat_activity`.
const IMPORT_NAME: &str = "property-lounge-import";

/// Exits with 2 if a setting is wrong, and with 1 after any other failure.
#[tokio::main]
async fn main() -> ExitCode {
    // The environment wins over `.env`.
    dotenvy::dotenv().ok();
    let (cli, problems) = parse::<Cli>();
    match run(cli.command, problems).await {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output ended, as in `api jobs list | head`.
        Err(error) if is_closed_pipe(&error) => ExitCode::from(CLOSED_PIPE),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(if error.is::<Problems>() { 2 } else { 1 })
        }
    }
}

/// What a shell shows for a program that SIGPIPE ended, as it ends other tools.
const CLOSED_PIPE: u8 = 141;

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

async fn run(command: Command, mut problems: Problems) -> anyhow::Result<()> {
    match command {
        Command::Serve(settings) => serve(&settings, problems).await,
        Command::Check(settings) => served(&settings, problems).map(drop),
        Command::Migrate(database) => {
            let options = db::options(&database.database_url, "property-lounge-migrate");
            let options = problems.check(options);
            let options = problems.finish(options)?;
            db::create_if_missing(&database.database_url)
                .await
                .context("cannot reach the server, or cannot create the database on it")?;
            let pool = db::patient_pool(options);
            // A closed pipe of the one who reads must not end a migration.
            let tell = |line: &str| drop(writeln!(std::io::stdout(), "{line}"));
            db::migrate_and_tell(&pool, tell)
                .await
                .context("cannot migrate")
        }
        Command::Seed(settings) => {
            let app = problems.collect(settings.app());
            seed(&problems.finish(app)?).await
        }
        Command::Import(import) => {
            let app = problems.collect(import.settings.app());
            let old = db::options(&import.old_database_url, IMPORT_NAME);
            let old = problems.check(old);
            let (app, _) = problems.finish(app.zip(old))?;
            bring_over(&app, &import).await
        }
        Command::Doctor { json, settings } => {
            let url = settings.sign_in.better_auth_url.clone();
            let (app, auth, _) = served(&settings, problems)?;
            let is_well = doctor::run(&app, &auth, &url, json).await?;
            anyhow::ensure!(is_well, "something is wrong: see above");
            Ok(())
        }
        Command::AfterRestore {
            yes,
            json,
            settings,
        } => {
            let app = problems.collect(settings.app());
            restore::run(&problems.finish(app)?, yes, json).await
        }
        Command::Archive(archive) => {
            let options = db::options(&archive.database.database_url, "property-lounge-archive");
            let options = problems.check(options);
            let options = problems.finish(options)?;
            archive::run(&db::patient_pool(options), &archive).await
        }
        Command::Jobs {
            command,
            json,
            settings,
        } => {
            let app = problems.collect(settings.app());
            jobs::run(&problems.finish(app)?, &command, json).await
        }
        Command::Leads {
            command,
            json,
            settings,
        } => {
            let app = problems.collect(settings.app());
            leads::run(&problems.finish(app)?, &command, json).await
        }
        Command::Person { command, settings } => {
            let app = problems.collect(settings.app());
            person::run(&problems.finish(app)?, &command).await
        }
        Command::User { command, settings } => {
            let app = problems.collect(settings.app());
            user::run(&problems.finish(app)?, &command).await
        }
        Command::Health { port } => health(port).await,
        Command::Openapi => Ok(std::io::stdout().write_all(api::document().as_bytes())?),
    }
}

/// Everything that `api serve` needs, or every wrong setting.
fn served(
    settings: &Settings,
    mut problems: Problems,
) -> anyhow::Result<(App, Auth, WebhookSecrets)> {
    let app = problems.collect(settings.app());
    let auth = problems.collect(settings.auth());
    let secrets = problems.collect(settings.webhook_secrets());
    let all = app
        .zip(auth)
        .zip(secrets)
        .map(|((app, auth), secrets)| (app, auth, secrets));
    Ok(problems.finish(all)?)
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

async fn serve(settings: &Settings, problems: Problems) -> anyhow::Result<()> {
    let (app, auth, secrets) = served(settings, problems)?;
    let traces = telemetry::init(&settings.common.telemetry, "api");
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
    let intake = settings.intake(&app)?;
    serve_health(settings, (&app, &intake)).await;
    let connections = Connections::new(settings.limits());
    let acceptor = Guarded::new(acceptor, connections.clone());
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
    for (name, pool) in [("work", &app.pool), ("intake", &intake.0.pool)] {
        metrics::watch_pool(name, pool);
    }
    tokio::spawn(encrypt_with_the_present_secret(app.clone(), auth.clone()));
    let (stopped, stops) = watch::channel(false);
    let beating = Beating::new(ProcessKind::Api, Arc::clone(&app.instance));
    let pool = app.pool.clone();
    let seen = tokio::spawn(async move { beating.run(&pool, stops).await });
    let served = api::app_with(app, intake, auth, secrets, feed)
        .around(move |next, request| connections.clone().watch(next, request));
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(served, stop, Some(DRAIN))
        .await?;
    stopped.send_replace(true);
    seen.await.ok();
    tracing::info!("api.stopped");
    traces.end().await;
    Ok(())
}

/// After `BETTER_AUTH_SECRET` was replaced, secrets of two-factor sign-in are encrypted with the new one, so that the old one can
/// go.
async fn encrypt_with_the_present_secret(app: App, auth: Auth) {
    match two_factor::rotate(&app, &auth.keys()).await {
        Ok(done) if done == two_factor::Rotated::default() => {}
        Ok(done) => tracing::info!(
            renewed = done.renewed,
            unreadable = done.unreadable,
            "api.two_factor_rotated: users whose codes are unreadable need the former secret in BETTER_AUTH_OLD_SECRETS, or a reset"
        ),
        Err(error) => tracing::warn!(%error, "api.two_factor_not_rotated"),
    }
}

/// Serves health on a listener of its own, until the process ends. A busy port is a warning: the clients matter more.
async fn serve_health(settings: &Settings, (app, intake): (&App, &Intake)) {
    let (host, port) = (
        settings.serving.api_health_host,
        settings.serving.api_health_port,
    );
    let bound = TcpListener::bind((host.to_string(), port)).into_acceptor();
    let acceptor = match bound.await {
        Ok(acceptor) => acceptor,
        Err(error) => {
            tracing::warn!(port, %error, "api.no_health: set API_HEALTH_PORT to a free port");
            return;
        }
    };
    let address = acceptor.local_addr().first().map(ToString::to_string);
    tracing::info!(address, "api.health");
    let telemetry = settings.common.telemetry.clone();
    let served = api::health_app(app.clone(), intake.clone(), telemetry);
    tokio::spawn(async move {
        if let Err(error) = Server::new_with_acceptor(acceptor).run(served).await {
            tracing::error!(%error, "api.health_ended");
        }
    });
}

async fn bring_over(app: &App, import: &Import) -> anyhow::Result<()> {
    let old = db::patient_pool(db::options(&import.old_database_url, IMPORT_NAME)?);
    let plan = shared::import::Plan {
        columns: import.old_lead_columns.clone(),
        dry_run: import.dry_run,
    };
    let mut pace = Pace::start();
    let done = shared::import::import(app, &old, &plan, |progress| pace.show(progress))
        .await
        .context("cannot import; nothing was written")?;
    write_report(&import.report, &done.table())
        .with_context(|| format!("cannot write {}", import.report.display()))?;
    let counts = &done.counts;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{} {} users, {} accounts, {} sessions, {} verifications, {} authenticator apps, {} places and {} leads; left {} rows.",
        if import.dry_run {
            "Would bring over"
        } else {
            "Brought over"
        },
        counts.users,
        counts.accounts,
        counts.sessions,
        counts.verifications,
        counts.second_factors,
        counts.places,
        counts.leads,
        counts.left
    )?;
    writeln!(
        out,
        "Every row that is left or changed is one of the {} lines of {}.",
        done.lines.len(),
        import.report.display()
    )?;
    Ok(())
}

/// Writes the report. It contains numbers of people, so only its owner can read it: a file that was there, too.
fn write_report(path: &Path, table: &str) -> std::io::Result<()> {
    const OF_OWNER: u32 = 0o600;
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(OF_OWNER);
    let mut report = options.open(path)?;
    report.set_permissions(std::fs::Permissions::from_mode(OF_OWNER))?;
    report.write_all(table.as_bytes())
}

/// Shows how far an import is, once a second.
struct Pace {
    table: &'static str,
    started: Instant,
    shown: Instant,
}

impl Pace {
    fn start() -> Self {
        let now = Instant::now();
        Self {
            table: "",
            started: now,
            shown: now,
        }
    }

    fn show(&mut self, progress: shared::import::Progress) {
        let now = Instant::now();
        if self.table != progress.table {
            (self.table, self.started) = (progress.table, now);
        }
        if now.duration_since(self.shown) < Duration::from_secs(1) {
            return;
        }
        self.shown = now;
        let seconds = now.duration_since(self.started).as_secs_f64().max(0.001);
        #[allow(clippy::cast_precision_loss, reason = "a rate to read")]
        let (done, left) = (progress.done as f64, (progress.of - progress.done) as f64);
        let rate = done / seconds;
        eprintln!(
            "{}: {} of {} rows, {rate:.0} a second, about {:.0} s left",
            progress.table,
            progress.done,
            progress.of,
            left / rate.max(0.001)
        );
    }
}

async fn seed(app: &App) -> anyhow::Result<()> {
    let seeded = seed::seed(app).await.context("cannot seed")?;
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
