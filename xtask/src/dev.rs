//! `./dev`: everything, on an embedded default, with no configuration.

use crate::postgres::{Cluster, Profile, binaries};
use crate::shell::{built, cargo, on_path, root, run};
use crate::supervisor::{Program, supervise};
use crate::{Result, device};
use std::env;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const DATABASE: &str = "property_lounge";

/// What `./dev --help` says.
pub const HELP: &str = "\
./dev [--yes] [--reset]   run PostgreSQL, the api and a worker; Ctrl-C stops them
./dev psql [FILE]         open psql on the development database, or run a file of SQL

--yes     install what is missing without asking (CI=true does too)
--reset   start afresh: the private database under .data/ is deleted first

DATABASE_URL set: that database is used, and nothing is started or stopped for it.
The environment wins over .env, which wins over the defaults (docs/operators/settings.md).
";

/// Runs `./dev` with these arguments.
pub fn main(arguments: &[String]) -> Result<()> {
    dotenvy::from_path(root().join(".env")).ok();
    let mut yes = false;
    let mut reset = false;
    let mut words = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--yes" | "-y" => yes = true,
            "--reset" => reset = true,
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(());
            }
            word if word.starts_with('-') => {
                return Err(format!("no such option: {word}\n\n{HELP}"));
            }
            word => words.push(word.to_owned()),
        }
    }
    match words.as_slice() {
        [] => serve(yes, reset),
        [command] if command == "psql" => psql(yes, None),
        [command, file] if command == "psql" => psql(yes, Some(Path::new(file))),
        _ => Err(format!("I know no such command\n\n{HELP}")),
    }
}

fn serve(yes: bool, reset: bool) -> Result<()> {
    let stop = stop_on_signals()?;
    let _only_one = hold_session()?;
    let port = setting("PORT", "3001");
    refuse_busy_port(&port)?;
    let linked = setting("WA_PROVIDER", "dummy") == "qr_local";
    build(linked)?;
    let mut environment = Vec::new();
    if linked {
        environment.extend(secrets()?);
    }
    check_settings(&environment)?;
    let database = Database::open(yes, reset)?;
    environment.push(("DATABASE_URL".to_owned(), database.url.clone()));
    let served = serve_on(&environment, &port, linked, &stop);
    let closed = database.close();
    served.and(closed)
}

fn build(linked: bool) -> Result<()> {
    println!("Building (the first time takes some minutes) …");
    run(cargo()
        .args(["build", "--package", "api", "--package", "worker"])
        .env("SQLX_OFFLINE", "true"))?;
    if linked {
        println!(
            "Building the linked device (WA_PROVIDER=qr_local): some 200 crates the first time …"
        );
        device::build()?;
    }
    Ok(())
}

/// Has the api check the settings before anything is started. It prints every wrong one.
fn check_settings(environment: &[(String, String)]) -> Result<()> {
    let mut api = Command::new(built("api"));
    api.arg("check").envs(environment.iter().cloned());
    // The database is not started yet, and is not connected to.
    if setting("DATABASE_URL", "").is_empty() {
        api.env("DATABASE_URL", "postgresql://localhost/not_started");
    }
    run(&mut api).map_err(|_| "nothing was started: correct the settings above".to_owned())
}

fn serve_on(
    environment: &[(String, String)],
    port: &str,
    linked: bool,
    stop: &Arc<AtomicBool>,
) -> Result<()> {
    let api = built("api");
    for command in ["migrate", "seed"] {
        let mut api = Command::new(&api);
        run(api.arg(command).envs(environment.iter().cloned()))?;
    }
    let worker_port = setting("WORKER_PORT", "3002");
    if stop.load(Ordering::SeqCst) {
        return Ok(());
    }
    let program = |name, binary, arguments: &[&str]| Program {
        name,
        binary,
        arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
        environment: environment.to_vec(),
    };
    let mut programs = vec![
        program("api", api, &["serve"]),
        program("worker", built("worker"), &[]),
    ];
    if linked {
        programs.push(program("device", built("device"), &[]));
    }
    announce(port.to_owned(), worker_port, linked, Arc::clone(stop));
    supervise(&programs, stop)
}

/// The settings that a linked device needs and a development has not: made once, and stored under .data/.
fn secrets() -> Result<Vec<(String, String)>> {
    let folder = root().join(".data");
    ["WA_DEVICE_KEY", "BETTER_AUTH_SECRET"]
        .into_iter()
        .filter(|name| setting(name, "").is_empty())
        .map(|name| {
            let file = name.to_lowercase().replace('_', "-");
            Ok((name.to_owned(), device::secret(&folder, &file)?))
        })
        .collect()
}

/// The development database: our own, or the one of `DATABASE_URL`.
struct Database {
    url: String,
    cluster: Option<Cluster>,
}

impl Database {
    fn open(yes: bool, reset: bool) -> Result<Self> {
        if let Some(url) = env::var("DATABASE_URL").ok().filter(|url| !url.is_empty()) {
            if reset {
                return Err("--reset deletes only the private database; DATABASE_URL names another, which is yours to reset".to_owned());
            }
            return Ok(Self { url, cluster: None });
        }
        let folder = data_folder();
        let programs = binaries(
            if reset {
                None
            } else {
                Cluster::major_of(&folder)
            },
            yes,
        )?;
        if reset && folder.exists() {
            println!("Deleting the private database.");
            Cluster::start(
                &programs_for(&folder, programs.clone(), yes)?,
                &folder,
                Profile::Durable,
            )?
            .destroy()?;
        }
        println!(
            "Starting PostgreSQL {} ({}) …",
            programs.major,
            programs.folder.display()
        );
        let cluster = Cluster::start(&programs, &folder, Profile::Durable)?;
        Ok(Self {
            url: cluster.url(DATABASE),
            cluster: Some(cluster),
        })
    }

    fn close(self) -> Result<()> {
        let Some(cluster) = self.cluster else {
            return Ok(());
        };
        cluster.stop()?;
        println!("PostgreSQL has stopped; its data stays in .data/.");
        Ok(())
    }
}

/// The programs of the version that wrote the data, if there is data.
fn programs_for(
    folder: &Path,
    newest: crate::postgres::Binaries,
    yes: bool,
) -> Result<crate::postgres::Binaries> {
    match Cluster::major_of(folder) {
        Some(major) if major != newest.major => binaries(Some(major), yes),
        _ => Ok(newest),
    }
}

fn psql(yes: bool, file: Option<&Path>) -> Result<()> {
    let running = data_folder_is_running();
    let database = Database::open(yes, false)?;
    let beside = database
        .cluster
        .as_ref()
        .map(|cluster| cluster.programs().join("psql"));
    let program = beside
        .filter(|path| path.exists())
        .or_else(|| on_path("psql"));
    let program = program.ok_or("there is no psql here: install PostgreSQL's client (Debian: apt-get install postgresql-client)")?;
    let mut command = Command::new(program);
    command.arg(&database.url);
    if let Some(file) = file {
        command.args(["-v", "ON_ERROR_STOP=1", "-f"]).arg(file);
    }
    let ran = run(&mut command);
    // A server that ran before belongs to another process.
    if running {
        ran
    } else {
        ran.and(database.close())
    }
}

fn data_folder() -> PathBuf {
    root().join(".data/postgres")
}

/// Whether a `./dev` runs, and uses the database.
fn data_folder_is_running() -> bool {
    hold_session().is_err()
}

/// One `./dev` a checkout.
fn hold_session() -> Result<File> {
    let folder = root().join(".data");
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let path = folder.join("session.lock");
    let file =
        File::create(&path).map_err(|error| format!("cannot open {}: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err("another ./dev is running in this checkout".to_owned())
        }
        Err(TryLockError::Error(error)) => Err(format!("cannot lock {}: {error}", path.display())),
    }
}

fn refuse_busy_port(port: &str) -> Result<()> {
    let number: u16 = port
        .parse()
        .map_err(|_| format!("PORT is {port}, which is no port"))?;
    TcpListener::bind((Ipv4Addr::LOCALHOST, number))
        .map(drop)
        .map_err(|error| format!("port {port} cannot be used ({error}); set PORT to a free one"))
}

fn setting(name: &str, default: &str) -> String {
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| default.to_owned())
}

/// Prints what to try once the api answers.
fn announce(port: String, worker_port: String, linked: bool, stop: Arc<AtomicBool>) {
    thread::spawn(move || {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !answers(&port) {
            if stop.load(Ordering::SeqCst) || Instant::now() > deadline {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        let api = format!("http://localhost:{port}");
        if linked {
            println!("{}", told_of_device(&api));
            return;
        }
        println!(
            "
Property Lounge is ready.
  desk     {api}          sign in as admin@property-lounge.test; the board has a panel to play clients and agents
  api      {api}/api      docs {api}/docs   health {api}/health/ready
  worker   http://localhost:{worker_port}/health/ready
  data     ./dev psql docs/operators/example-queries.sql

Try, in another terminal:
  curl -X POST {api}/webhooks/whatsapp/dummy/client-message -H 'Content-Type: application/json' \\
    -d '{{\"clientWa\": \"081234001234\", \"body\": \"Halo saya tertarik unitnya\", \"clientName\": \"Bapak Test\", \"sourceAds\": \"Meta Ads CTA - Dummy\"}}'
  curl -X POST {api}/webhooks/whatsapp/dummy/sales-ack -H 'Content-Type: application/json' \\
    -d '{{\"salesWa\": \"+6281110000001\", \"body\": \"OK\"}}'
  curl -X POST {api}/webhooks/whatsapp/dummy/run-timeouts

Ctrl-C stops everything.
"
        );
    });
}

fn told_of_device(api: &str) -> String {
    format!(
        "
Property Lounge is ready, and its device begins.
  desk     {api}
  api      {api}/api      docs {api}/docs   health {api}/health/ready
  phone    scan the QR code that follows: WhatsApp, Linked devices, Link a device
  status   {api}/api/whatsapp-admin/status   (an admin's session, or x-admin-token: ADMIN_WHATSAPP_TOKEN)
  data     ./dev psql docs/operators/example-queries.sql

Give the agents their own numbers before a client writes: docs/admins/linked-device.md.
Ctrl-C stops everything.
"
    )
}

fn answers(port: &str) -> bool {
    let Ok(port) = port.parse::<u16>() else {
        return false;
    };
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok();
    let asked = stream.write_all(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.contains(" 200 ")
}

/// Becomes true at Ctrl-C or SIGTERM. The child processes receive a terminal's Ctrl-C too, and stop.
pub(crate) fn stop_on_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut signals = signal_hook::iterator::Signals::new([
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
    ])
    .map_err(|error| format!("cannot listen for signals: {error}"))?;
    let told = Arc::clone(&stop);
    thread::spawn(move || {
        for _ in signals.forever() {
            told.store(true, Ordering::SeqCst);
        }
    });
    Ok(stop)
}
