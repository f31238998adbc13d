//! The generated client, and the real better-auth client, against a real api.

use super::company::Company;
use shared::auth::password;
use std::process::Command;

const PASSWORD: &str = "an admin's own password";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_generated_client_and_better_auths_own_do_their_work_against_the_api() {
    let company = Company::open("300").await;
    let hash = password::hash(PASSWORD).expect("a hash");
    sqlx::query("update account set password = $1 where user_id = 'admin'")
        .bind(hash)
        .execute(&company.pool)
        .await
        .expect("a password that is known");
    let settings = [("AUTH_SIGN_UP", "true"), ("AUTH_RATE_LIMIT", "false")];
    let (_api, url) = company.start_api_with(&settings).await;
    let told = tokio::task::spawn_blocking(move || {
        Command::new("node")
            .args(["--test", "tests/"])
            .current_dir(xtask::shell::root().join("openapi/client"))
            .env("API_URL", url)
            .env("ADMIN_EMAIL", "admin@property-lounge.test")
            .env("ADMIN_PASSWORD", PASSWORD)
            .output()
            .expect("node runs")
    })
    .await
    .expect("it ends");
    let output = String::from_utf8_lossy(&told.stdout);
    assert!(
        told.status.success(),
        "{output}\n{}",
        String::from_utf8_lossy(&told.stderr)
    );
    assert!(output.contains("pass 5"), "{output}");
}
