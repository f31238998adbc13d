//! A process with wrong settings prints all of them at once, and exits with code 2.

use std::path::Path;
use std::process::{Command, Output};
use xtask::shell::built;

const WRONG: [(&str, &str); 9] = [
    ("DATABASE_URL", "postgresql://nowhere/none"),
    ("WA_PROVIDER", "cloud_api"),
    ("DATABASE_CONNECTIONS", "1"),
    ("DISTRIBUTION_ACK_SECONDS", "soon"),
    ("COMPANY_TIMEZONE", "Europe/Berlin"),
    ("TEXT_LATE", "Terlambat, {nama}"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "authorization"),
    ("OTEL_TRACES_SAMPLER_ARG", "2"),
];

fn run(binary: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    Command::new(binary)
        .args(arguments)
        .env_clear()
        .env("RUST_BACKTRACE", "1")
        .envs(settings.iter().copied())
        .current_dir("/")
        .output()
        .expect("the binary runs")
}

/// The settings that the process complains about, in order.
fn complaints(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(!text.contains("stack backtrace"), "{text}");
    let problems = text.lines().filter(|line| line.starts_with("  "));
    let names = problems.filter_map(|line| line.trim().split(':').next());
    names.map(str::to_owned).collect()
}

#[test]
fn every_process_names_every_wrong_setting_and_exits_with_2() {
    let common = [
        "COMPANY_TIMEZONE",
        "DATABASE_CONNECTIONS",
        "DISTRIBUTION_ACK_SECONDS",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_TRACES_SAMPLER_ARG",
        "TEXT_LATE",
        "WA_CLOUD_API_TOKEN",
        "WA_CLOUD_PHONE_NUMBER_ID",
    ];
    for arguments in [&[][..], &["--check"]] {
        let mut worker = complaints(&run(&built("worker"), arguments, &WRONG));
        worker.sort();
        assert_eq!(worker, common, "{arguments:?}");
    }
    // Settings that are right are checked without a connection, and the process ends.
    let right = [("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")];
    let checked = run(&built("worker"), &["--check"], &right);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");

    for command in ["serve", "check"] {
        let mut api = complaints(&run(&built("api"), &[command], &WRONG));
        api.sort();
        let own = [
            "BETTER_AUTH_SECRET",
            "BETTER_AUTH_URL",
            "META_APP_SECRET",
            "WHATSAPP_VERIFY_TOKEN",
        ];
        let mut all: Vec<&str> = common.into_iter().chain(own).collect();
        all.sort_unstable();
        assert_eq!(api, all, "{command}");
    }
}

#[test]
fn a_missing_database_url_is_one_of_the_problems() {
    let settings = [("WORKER_CONCURRENCY", "none")];
    let mut worker = complaints(&run(&built("worker"), &[], &settings));
    worker.sort();
    assert_eq!(worker, ["DATABASE_URL", "WORKER_CONCURRENCY"]);
}

#[test]
fn a_wrong_value_is_not_printed_since_it_may_be_a_secret() {
    let settings = [
        ("DATABASE_URL", "mysql://user:a-password@host/db"),
        ("WORKER_PORT", "a-password"),
    ];
    let output = run(&built("worker"), &[], &settings);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(!text.contains("a-password"), "{text}");
}
