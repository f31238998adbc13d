//! `api doctor`: checks everything that a running system needs, and says in words what is wrong and what to do.
//!
//! It changes nothing. Each check is one line: `ok`, `look` for what works and is worth a look, or `wrong`.

mod finding;
mod outside;
mod server;
mod state;

use super::print;
use crate::auth::Auth;
use finding::{Finding, PATIENCE, Verdict};
use serde_json::json;
use shared::App;
use tokio::time::timeout;

/// Checks everything and prints what it found. `url`: the address of the api for browsers and webhooks. Returns whether
/// nothing is wrong.
pub async fn run(app: &App, auth: &Auth, url: &str, as_json: bool) -> anyhow::Result<bool> {
    let mut findings = vec![Finding::ok(
        "settings",
        "those of `api serve` are valid; `worker --check` and `device --check` check theirs",
    )];
    match timeout(PATIENCE, server::check(app)).await {
        Ok(Ok(found)) => {
            findings.extend(found);
            findings.extend(state_of(app, auth).await);
        }
        Ok(Err(error)) => findings.push(Finding::wrong(
            "database",
            format!("cannot be used ({error}): check DATABASE_URL, and that PostgreSQL runs"),
        )),
        Err(_) => findings.push(Finding::wrong("database", "does not answer")),
    }
    findings.push(outside::provider(app).await);
    findings.extend(outside::templates(app).await);
    findings.push(outside::webhooks(url).await);
    show(&findings, as_json)?;
    Ok(findings.iter().all(|found| found.verdict != Verdict::Wrong))
}

async fn state_of(app: &App, auth: &Auth) -> Vec<Finding> {
    match timeout(PATIENCE, state::check(app, auth)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => vec![Finding::wrong("state", error.to_string())],
        Err(_) => vec![Finding::wrong("state", "the database is too slow")],
    }
}

fn show(findings: &[Finding], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let rows = findings.iter().map(|found| {
            json!({ "check": found.what, "verdict": found.verdict.as_str(), "said": found.said })
        });
        return Ok(print::json(&rows.collect())?);
    }
    let row = |found: &Finding| {
        vec![
            found.verdict.as_str().to_owned(),
            found.what.to_owned(),
            found.said.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = findings.iter().map(row).collect();
    Ok(print::table(&["", "check", "what was found"], &rows)?)
}
