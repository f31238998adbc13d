//! The desk in a real browser, against a real api and worker.

use super::company::Company;
use shared::auth::password;
use shared::testing::Process;
use std::path::Path;
use std::process::{Command, Output};

const PASSWORD: &str = "a password of the stories";

/// `./test` leaves this out, and says so, where there is no Chromium.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_do_their_work_on_the_desk_in_a_browser() {
    let (told, log) = what_the_browser_saw().await;
    let output = String::from_utf8_lossy(&told.stdout);
    let errors = String::from_utf8_lossy(&told.stderr);
    // The reporter says at its end which stories failed: a long log does not hide that.
    assert!(
        told.status.success(),
        "{}\n{errors}\n{output}",
        log.join("\n")
    );
    assert!(output.contains("fail 0"), "{output}");
}

/// What the stories told, and what the api and the worker logged.
async fn what_the_browser_saw() -> (Output, Vec<String>) {
    let chromium = xtask::web::chromium().expect("Chromium");
    let company = Company::open("4").await;
    let hash = password::hash(PASSWORD).expect("a hash");
    sqlx::query("update account set password = $1")
        .bind(hash)
        .execute(&company.pool)
        .await
        .expect("passwords that are known");
    let worker = company.start_worker();
    let (api, url) = company
        .start_api_with(&[("AUTH_RATE_LIMIT", "false")])
        .await;
    let strict = [
        ("AUTH_RATE_LIMIT", "false"),
        ("AUTH_TWO_FACTOR_FOR", "everybody"),
    ];
    let (strict_api, strict_url) = company.start_api_with(&strict).await;
    let web = xtask::shell::root().join("web");
    let urls = [url, strict_url];
    let told = tokio::task::spawn_blocking(move || stories(&web, &urls, &chromium))
        .await
        .expect("it ends");
    let log = [&worker, &api, &strict_api].map(Process::lines).concat();
    (told, log)
}

fn stories(web: &Path, [url, strict_url]: &[String; 2], chromium: &Path) -> Output {
    Command::new("node")
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args([
            "tests/desk.test.mjs",
            "tests/office.test.mjs",
            "tests/operations.test.mjs",
            "tests/privacy.test.mjs",
            "tests/roles.test.mjs",
            "tests/two-factor.test.mjs",
        ])
        .current_dir(web)
        .env("DESK_URL", url)
        .env("DESK_STRICT_URL", strict_url)
        .env("DESK_PASSWORD", PASSWORD)
        .env("DESK_WINDOW", "4")
        .env("CHROMIUM", chromium)
        .output()
        .expect("node runs")
}
