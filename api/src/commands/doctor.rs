//! `api doctor`: checks everything that a running system needs, and says in words what is wrong and what to do.
//!
//! It changes nothing. Each check is one line: `ok`, `look` for what works and is worth a look, or `wrong`.

use super::print;
use serde_json::json;
use shared::error::DatabaseError;
use shared::operations::{self, ProcessRow};
use shared::providers::{self, Health};
use shared::{App, db, distribution};
use std::time::Duration;
use tokio::time::timeout;

/// A check that does not end within this time is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ok,
    Look,
    Wrong,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Look => "look",
            Self::Wrong => "wrong",
        }
    }
}

/// A check with what it found.
struct Finding {
    what: &'static str,
    verdict: Verdict,
    said: String,
}

fn finding(what: &'static str, verdict: Verdict, said: impl Into<String>) -> Finding {
    Finding {
        what,
        verdict,
        said: said.into(),
    }
}

/// Checks everything and prints what it found. `url`: the address of the api for browsers and webhooks. Returns whether
/// nothing is wrong.
pub async fn run(app: &App, url: &str, as_json: bool) -> anyhow::Result<bool> {
    let mut findings = vec![finding("settings", Verdict::Ok, "every setting is valid")];
    let database = timeout(PATIENCE, database(app)).await;
    match database.unwrap_or_else(|_| Err(shared::Error::Database(DatabaseError::PoolTimedOut))) {
        Ok(found) => {
            findings.extend(found);
            let state = timeout(PATIENCE, state(app)).await;
            match state {
                Ok(Ok(found)) => findings.extend(found),
                Ok(Err(error)) => {
                    findings.push(finding("state", Verdict::Wrong, error.to_string()));
                }
                Err(_) => {
                    findings.push(finding("state", Verdict::Wrong, "the database is too slow"));
                }
            }
        }
        Err(error) => findings.push(finding(
            "database",
            Verdict::Wrong,
            format!("cannot be used ({error}): check DATABASE_URL, and that PostgreSQL runs"),
        )),
    }
    findings.push(provider(app).await);
    findings.push(webhooks(url).await);
    show(&findings, as_json)?;
    Ok(findings.iter().all(|found| found.verdict != Verdict::Wrong))
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

async fn database(app: &App) -> shared::Result<Vec<Finding>> {
    let facts = db::facts(&mut *app.pool.acquire().await?).await?;
    let mut findings = Vec::new();
    let mut check = |what, is_good, bad: Verdict, good: String, wrong: String| {
        findings.push(if is_good {
            finding(what, Verdict::Ok, good)
        } else {
            finding(what, bad, wrong)
        });
    };
    check(
        "PostgreSQL",
        facts.version >= 150_000,
        Verdict::Wrong,
        format!("version {}", facts.version / 10_000),
        format!(
            "version {} is too old: use 15 or newer",
            facts.version / 10_000
        ),
    );
    let off = facts.off.join(", ");
    check(
        "durability",
        facts.off.is_empty(),
        // Nothing real is lost with the dummy provider: `./dev` and the tests have it so.
        if app.provider.name() == "dummy" {
            Verdict::Look
        } else {
            Verdict::Wrong
        },
        "fsync, synchronous_commit and full_page_writes are on".to_owned(),
        format!("{off} off: a crash loses messages that were answered. Turn it on"),
    );
    let missing = facts.missing_extensions.join(", ");
    check(
        "extensions",
        facts.missing_extensions.is_empty(),
        Verdict::Wrong,
        "all are installed".to_owned(),
        format!("{missing} missing: run `api migrate` as the owner of the schema"),
    );
    check(
        "role",
        !facts.is_superuser,
        Verdict::Look,
        "the processes' role is no superuser".to_owned(),
        "this is a superuser: use the roles of deploy/postgres".to_owned(),
    );
    let (schema, known) = (facts.schema.unwrap_or(0), db::newest_schema());
    check(
        "schema",
        schema >= known,
        Verdict::Wrong,
        format!("migration {schema}"),
        format!("migration {schema}, and this version needs {known}: run `api migrate`"),
    );
    check(
        "connections",
        facts.connections * 10 < facts.most_connections * 9,
        Verdict::Look,
        format!("{} of {}", facts.connections, facts.most_connections),
        format!(
            "{} of {} are in use: raise max_connections or lower DATABASE_CONNECTIONS",
            facts.connections, facts.most_connections
        ),
    );
    check(
        "long transactions",
        facts.oldest_transaction_seconds < 60.0,
        Verdict::Look,
        "none is older than a minute".to_owned(),
        format!(
            "the oldest runs for {:.0} s: it holds back the live feed and the removal of old rows",
            facts.oldest_transaction_seconds
        ),
    );
    #[allow(
        clippy::disallowed_methods,
        reason = "the clock of this host is what is looked at"
    )]
    let here = chrono::Utc::now();
    let apart = (here - facts.now).num_milliseconds().abs();
    check(
        "clock",
        apart < 2000,
        Verdict::Look,
        "this host agrees with the database within 2 s".to_owned(),
        format!(
            "this host differs from the database by {:.1} s: start NTP. Deadlines use the database's clock, signatures and tokens this host's",
            chrono::TimeDelta::milliseconds(apart).as_seconds_f64()
        ),
    );
    Ok(findings)
}

/// What runs, and what waits for a person. Needs the tables.
async fn state(app: &App) -> shared::Result<Vec<Finding>> {
    if !db::is_migrated(&app.pool).await? {
        return Ok(Vec::new());
    }
    let processes = operations::processes(app).await?;
    let alive: Vec<&ProcessRow> = processes.iter().filter(|row| row.alive).collect();
    let of_kind = |kind| alive.iter().filter(|row| row.kind == kind).count();
    let workers = of_kind("worker");
    let mut findings = vec![match workers {
        0 => finding(
            "workers",
            Verdict::Wrong,
            "none runs: no offer rolls and nothing is sent. Start `worker`",
        ),
        1 => finding(
            "workers",
            Verdict::Look,
            "one runs: a second on another host keeps deadlines when this one fails",
        ),
        many => finding("workers", Verdict::Ok, format!("{many} run")),
    }];
    let mut versions: Vec<String> = alive
        .iter()
        .map(|row| format!("{} (migration {})", row.version, row.schema))
        .collect();
    versions.sort_unstable();
    versions.dedup();
    findings.push(if versions.len() > 1 {
        let said = format!(
            "different ones run: {}. Finish the upgrade",
            versions.join(", ")
        );
        finding("versions", Verdict::Look, said)
    } else {
        finding("versions", Verdict::Ok, "all processes have the same")
    });
    findings.push(if workers == 0 || distribution::is_well(app).await? {
        finding("deadlines", Verdict::Ok, "no offer is overdue")
    } else {
        let said =
            "offers are overdue, or the audit has not run for a minute: look at the workers' logs";
        finding("deadlines", Verdict::Wrong, said)
    });
    findings.push(match distribution::frozen_since(app).await? {
        Some(since) => finding(
            "freeze",
            Verdict::Look,
            format!("offers have been frozen since {since}: see `WhatsApp fails` in operations.md"),
        ),
        None => finding("freeze", Verdict::Ok, "offers are not frozen"),
    });
    let paused: Vec<String> = operations::queues(app)
        .await?
        .into_iter()
        .filter(|row| row.paused_at.is_some())
        .map(|row| row.queue)
        .collect();
    findings.push(if paused.is_empty() {
        finding("pauses", Verdict::Ok, "no queue is paused")
    } else {
        finding(
            "pauses",
            Verdict::Look,
            format!("{} paused", paused.join(", ")),
        )
    });
    let trouble = operations::trouble(app).await?;
    let waits = trouble.jobs_dead
        + trouble.messages_unheard
        + trouble.deliveries_unread
        + trouble.meta_leads_unusable;
    findings.push(if waits == 0 {
        finding("trouble", Verdict::Ok, "nothing waits for a person")
    } else {
        let said = format!("{waits} things wait for a person: `api leads trouble`");
        finding("trouble", Verdict::Look, said)
    });
    Ok(findings)
}

async fn provider(app: &App) -> Finding {
    let name = app.provider.name();
    match timeout(PATIENCE, app.provider.health()).await {
        Ok(None) => finding(
            "provider",
            Verdict::Ok,
            format!("{name} has no credentials to check"),
        ),
        Ok(Some(Health::Good(_))) => finding(
            "provider",
            Verdict::Ok,
            format!("{name} accepts our credentials"),
        ),
        Ok(Some(Health::Bad(reason))) => finding(
            "provider",
            Verdict::Wrong,
            format!("{name} rejects our credentials ({reason}): make a new token"),
        ),
        Ok(Some(Health::Unknown(reason))) => {
            finding("provider", Verdict::Look, format!("{name}: {reason}"))
        }
        Err(_) => finding(
            "provider",
            Verdict::Look,
            format!("{name} did not answer in time"),
        ),
    }
}

/// Whether the address that Meta and browsers use leads to an api.
async fn webhooks(url: &str) -> Finding {
    let address = format!("{}/health/live", url.trim_end_matches('/'));
    match providers::ask_for(&address.clone().into()).await {
        Ok(()) => finding(
            "webhooks",
            Verdict::Ok,
            format!("{address} answers from here"),
        ),
        Err(error) => finding(
            "webhooks",
            Verdict::Look,
            format!(
                "{address} {}: is the api running, and does BETTER_AUTH_URL lead to it? Meta must reach it from outside",
                error.provider_reason().unwrap_or("cannot be asked for")
            ),
        ),
    }
}
