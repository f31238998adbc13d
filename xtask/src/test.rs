//! `./test`: everything that CI runs, on its own databases.

use crate::shell::{cargo, output, root, run};
use crate::test_server::Server;
use crate::workspace::{INNER, build_processes, offline};
use crate::{
    Result, alerts, circles, client, contract, device, features, libraries, prepare, tools, web,
};
use std::fs;
use std::time::{Duration, Instant};

/// What `./test --help` says.
pub const HELP: &str = "\
./test [--yes] [--long]      all checks and tests; --long adds the long tier, in four parts
./test … --from STEP         the same from this step on: --from 'tests: processes' resumes the long tier
./test [--yes] only [ARGS]   the tests alone, but for the linked device's; ARGS go to cargo nextest (a filter, --no-capture …)
./test [--yes] device [ARGS] the linked device's alone: builds some 200 crates the first time
./test prepare               write the records of checked queries (shared/.sqlx, worker/.sqlx)
./test openapi               write openapi/openapi.json, and the client that is generated from it
./test client                the client alone
./test web                   build the desk into web/dist
./test circles               check that no modules use each other
./test postgres              start the test server and print how to reach it
./test advisories            known weaknesses of the libraries: reads lists at github.com and at npm's registry
./test sbom                  write what each shipped binary and the desk consist of into target/sbom

TEST_DATABASE_URL set: its server is used (the role needs CREATEDB). DATABASE_URL is ignored: the
tests never touch a development or production database.
";

/// The tests that need a browser.
const BROWSER_STORIES: &str = "processes::desk::";
/// The tests that need Prometheus.
const ALERT_STORIES: &str = "processes::alerts::";

/// Runs `./test` with these arguments.
pub fn main(arguments: &[String]) -> Result<()> {
    let (options, words): (Vec<&String>, Vec<&String>) = {
        let split = arguments
            .iter()
            .position(|word| !word.starts_with("--"))
            .unwrap_or(arguments.len());
        (
            arguments[..split].iter().collect(),
            arguments[split..].iter().collect(),
        )
    };
    let (mut yes, mut long) = (false, false);
    for option in options {
        match option.as_str() {
            "--yes" => yes = true,
            "--long" => long = true,
            "--from" => {
                let step = words.first().ok_or("--from needs the name of a step")?;
                return everything(yes, long, Some(step));
            }
            "--help" => {
                print!("{HELP}");
                return Ok(());
            }
            _ => return Err(format!("no such option: {option}\n\n{HELP}")),
        }
    }
    match words.first().map(|word| word.as_str()) {
        None => everything(yes, long, None),
        Some("only") => {
            tools::ensure(yes)?;
            with_server(yes, |url| nextest(url, yes, long, &words[1..]))
        }
        Some("device") => {
            tools::ensure(yes)?;
            with_server(yes, |url| device::test(url, long, &words[1..]))
        }
        Some("prepare") => with_server(yes, |url| prepare::write(&migrated(url, &["migrations"])?)),
        Some("openapi") => write_openapi().and_then(|()| client::write()),
        Some("client") => client::write(),
        Some("web") => web::write(),
        Some("circles") => {
            tools::ensure(yes)?;
            circles::check()
        }
        Some("advisories") => libraries::advisories(yes),
        Some("sbom") => libraries::bills_of_materials(yes),
        Some("postgres") => {
            let server = Server::open(yes)?;
            println!("export TEST_DATABASE_URL='{}'", server.url);
            Ok(())
        }
        Some(word) => Err(format!("I know no such command: {word}\n\n{HELP}")),
    }
}

/// Runs steps, from a given one on, and measures how long each takes.
#[derive(Default)]
struct Steps {
    times: Vec<(&'static str, Duration)>,
    /// The step to start from, until it is reached.
    from: Option<String>,
}

impl Steps {
    fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.from.as_deref() == Some(name) {
            self.from = None;
        }
        if self.from.is_some() {
            return Ok(());
        }
        self.always(name, work)
    }

    /// A step that later steps need, wherever the run starts.
    fn always(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("── {name}");
        let started = Instant::now();
        let result = work();
        self.times.push((name, started.elapsed()));
        result.map_err(|error| format!("{name}: {error}"))
    }

    fn print(&self) {
        println!("\nTime of each step");
        for (name, time) in &self.times {
            println!("  {name:<28} {:>7.1} s", time.as_secs_f64());
        }
        let total: Duration = self.times.iter().map(|(_, time)| *time).sum();
        println!("  {:<28} {:>7.1} s", "total", total.as_secs_f64());
    }
}

fn everything(yes: bool, long: bool, from: Option<&str>) -> Result<()> {
    let mut times = Steps {
        from: from.map(str::to_owned),
        ..Steps::default()
    };
    let result = steps(&mut times, yes, long);
    times.print();
    match &times.from {
        Some(step) if result.is_ok() => Err(format!("there is no step {step}")),
        _ => result,
    }
}

/// The parts of the long tier, with nextest's filter of each.
const LONG_PARTS: [(&str, &str); 4] = [
    ("tests: rules", "not package(api)"),
    ("tests: model", "package(api) & test(/^model::/)"),
    ("tests: processes", "package(api) & test(/^processes::/)"),
    (
        "tests: api",
        "package(api) & not test(/^(model|processes)::/)",
    ),
];

fn steps(times: &mut Steps, yes: bool, long: bool) -> Result<()> {
    static_checks(times, yes)?;
    let mut server = None;
    times.always("test server", || {
        server = Some(Server::open(yes)?);
        Ok(())
    })?;
    let server = server.ok_or("there is no test server")?;
    let tested = tests(times, &server.url, yes, long);
    let closed = server.close();
    tested.and(closed)
}

fn static_checks(times: &mut Steps, yes: bool) -> Result<()> {
    times.always("tools", || tools::ensure(yes))?;
    times.step("format", || run(cargo().args(["fmt", "--all", "--check"])))?;
    times.step("spelling", || run(&mut tools::command("typos")))?;
    times.step("unused dependencies", || {
        run(tools::command("cargo-shear").args(["shear", "--locked"]))
    })?;
    times.step("same features", features::check)?;
    // Advisories are in a repository that a closed network cannot reach: `./test advisories`.
    times.step("licences, bans, sources", || {
        run(tools::command("cargo-deny").args([
            "--all-features",
            "check",
            "licenses",
            "bans",
            "sources",
        ]))
    })?;
    times.step("lints", || {
        run(offline(
            cargo()
                .args(["clippy", "--quiet", "--all-features", "--all-targets"])
                .args(INNER)
                .args(["--", "-D", "warnings"]),
        ))
    })?;
    times.step("no circles", circles::check)?;
    times.step("documentation", || {
        run(offline(
            cargo()
                .args(["doc", "--quiet", "--no-deps", "--document-private-items"])
                .args(INNER)
                .env("RUSTDOCFLAGS", "-D warnings"),
        ))
    })?;
    times.step("generated client", client::check)?;
    times.step("desk: build", web::check)?;
    times.step("alerts", alerts::check)
}

fn tests(times: &mut Steps, url: &str, yes: bool, long: bool) -> Result<()> {
    times.always("binaries", || {
        run(offline(cargo().args([
            "build",
            "--package",
            "api",
            "--package",
            "worker",
        ])))
    })?;
    times.step("checked queries", || {
        prepare::check(&migrated(url, &["api", "migrate"])?)
    })?;
    if long {
        for (name, filter) in LONG_PARTS {
            let filter = ["-E".to_owned(), filter.to_owned()];
            let filter: Vec<&String> = filter.iter().collect();
            times.step(name, || nextest(url, yes, long, &filter))?;
        }
    } else {
        times.step("tests", || nextest(url, yes, long, &[]))?;
    }
    times.step("stories, offers masked", || masked(url))?;
    times.step("device: stays apart", device::stays_apart)?;
    times.step("device: build", device::build_and_look)?;
    times.step("device: lints", device::lint)?;
    times.step("device: tests", || device::test(url, long, &[]))
}

fn nextest(url: &str, yes: bool, long: bool, arguments: &[&String]) -> Result<()> {
    // Tests run these against a real api.
    client::build()?;
    contract::ensure(yes)?;
    let has_browser = web::ensure_for_stories()?;
    build_processes()?;
    let mut tests = tools::command("cargo-nextest");
    tests.args(["nextest", "run", "--all-features"]).args(INNER);
    if long {
        tests
            .args(["--profile", "long"])
            .env("PROPERTY_LOUNGE_LONG_TESTS", "true");
    }
    tests.args(arguments).env("TEST_DATABASE_URL", url);
    let left_out: Vec<&str> = [
        (has_browser, BROWSER_STORIES),
        (alerts::prometheus().is_some(), ALERT_STORIES),
    ]
    .into_iter()
    .filter(|(can_run, _)| !can_run)
    .flat_map(|(_, stories)| ["--skip", stories])
    .collect();
    if !left_out.is_empty() {
        // ARGS can end with filters of their own after `--`.
        let separator = (!arguments.iter().any(|argument| *argument == "--")).then_some("--");
        tests.args(separator).args(left_out);
    }
    run(offline(&mut tests))
}

/// Runs every story again with masked offers. The harness checks each message.
fn masked(url: &str) -> Result<()> {
    let mut tests = tools::command("cargo-nextest");
    tests
        .args([
            "nextest",
            "run",
            "--package",
            "api",
            "--all-features",
            "stories::",
        ])
        .env("PROPERTY_LOUNGE_MASKED_TESTS", "true")
        .env("TEST_DATABASE_URL", url);
    run(offline(&mut tests))
}

fn write_openapi() -> Result<()> {
    let document = output(offline(cargo().args([
        "run",
        "--quiet",
        "--package",
        "api",
        "--",
        "openapi",
    ])))?;
    let path = root().join("openapi/openapi.json");
    fs::write(&path, document).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn with_server(yes: bool, work: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let server = Server::open(yes)?;
    let worked = work(&server.url);
    let closed = server.close();
    worked.and(closed)
}

/// Migrates a database of the given server for the query checks. The migrator is a package that is built already, or
/// one that builds while the queries change.
fn migrated(url: &str, migrator: &[&str]) -> Result<String> {
    let (server, query) = url
        .split_once('?')
        .map_or((url, String::new()), |(server, query)| {
            (server, format!("?{query}"))
        });
    let server = server.rsplit_once('/').map_or(server, |(server, _)| server);
    let url = format!("{server}/pl_checked_queries{query}");
    let (package, arguments) = migrator.split_first().ok_or("no migrator is named")?;
    let mut migrate = cargo();
    migrate
        .args(["run", "--quiet", "--package", package, "--"])
        .args(arguments);
    run(offline(&mut migrate).env("DATABASE_URL", &url))?;
    Ok(url)
}
