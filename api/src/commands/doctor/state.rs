//! What runs, and what waits for a person.

use super::finding::Finding;
use crate::auth::Auth;
use shared::auth::{self, Account, Role, two_factor};
use shared::operations::{self, ProcessRow, Trouble};
use shared::{App, db, distribution};

/// Checks what runs. Finds nothing in a database that is not migrated. Fails if the database does.
pub(super) async fn check(app: &App, auth: &Auth) -> shared::Result<Vec<Finding>> {
    if !db::is_migrated(&app.pool).await? {
        return Ok(Vec::new());
    }
    let processes = operations::processes(app).await?;
    let alive: Vec<&ProcessRow> = processes.iter().filter(|row| row.alive).collect();
    let workers = alive.iter().filter(|row| row.kind == "worker").count();
    Ok(vec![
        of_workers(workers),
        versions(&alive),
        deadlines(app, workers).await?,
        freeze(app).await?,
        pauses(app).await?,
        trouble(operations::trouble(app).await?),
        second_factors(app, auth).await?,
    ])
}

fn of_workers(workers: usize) -> Finding {
    match workers {
        0 => Finding::wrong(
            "workers",
            "none runs: no offer rolls and nothing is sent. Start `worker`",
        ),
        1 => Finding::look(
            "workers",
            "one runs: a second on another host keeps deadlines when this one fails",
        ),
        many => Finding::ok("workers", format!("{many} run")),
    }
}

fn versions(alive: &[&ProcessRow]) -> Finding {
    let mut versions: Vec<String> = alive
        .iter()
        .map(|row| format!("{} (migration {})", row.version, row.schema))
        .collect();
    versions.sort_unstable();
    versions.dedup();
    if versions.len() > 1 {
        let versions = versions.join(", ");
        let said = format!("different ones run: {versions}. Finish the upgrade");
        Finding::look("versions", said)
    } else {
        Finding::ok("versions", "all processes have the same")
    }
}

/// Without a worker the check of workers says what is wrong.
async fn deadlines(app: &App, workers: usize) -> shared::Result<Finding> {
    if workers == 0 || distribution::is_well(app).await? {
        return Ok(Finding::ok("deadlines", "no offer is overdue"));
    }
    let said =
        "offers are overdue, or the audit has not run for a minute: look at the workers' logs";
    Ok(Finding::wrong("deadlines", said))
}

async fn freeze(app: &App) -> shared::Result<Finding> {
    Ok(match distribution::frozen_since(app).await? {
        Some(since) => Finding::look(
            "freeze",
            format!("offers have been frozen since {since}: docs/operators/incidents.md"),
        ),
        None => Finding::ok("freeze", "offers are not frozen"),
    })
}

async fn pauses(app: &App) -> shared::Result<Finding> {
    let queues = operations::queues(app).await?.into_iter();
    let paused: Vec<String> = queues
        .filter(|row| row.paused_at.is_some())
        .map(|row| row.queue)
        .collect();
    Ok(if paused.is_empty() {
        Finding::ok("pauses", "no queue is paused")
    } else {
        Finding::look("pauses", format!("{} paused", paused.join(", ")))
    })
}

fn trouble(counts: Trouble) -> Finding {
    let waits = counts.jobs_dead
        + counts.messages_unheard
        + counts.deliveries_unread
        + counts.meta_leads_unusable;
    if waits == 0 {
        return Finding::ok("trouble", "nothing waits for a person");
    }
    let said = format!("{waits} things wait for a person: `api leads trouble`");
    Finding::look("trouble", said)
}

async fn second_factors(app: &App, settings: &Auth) -> shared::Result<Finding> {
    let name = "two-factor";
    let unreadable = two_factor::unreadable(app, &settings.keys()).await?;
    if unreadable > 0 {
        let said = format!(
            "{unreadable} users cannot sign in: their codes were encrypted with a secret that is gone. Add the former \
             BETTER_AUTH_SECRET to BETTER_AUTH_OLD_SECRETS and start the api, or `api user reset-two-factor`"
        );
        return Ok(Finding::wrong(name, said));
    }
    let can_enter = |account: &Account| account.disabled_at.is_none();
    let accounts = auth::accounts(app).await?;
    let admins = accounts.iter().filter(|account| {
        account.user.role == Role::Admin && !account.user.two_factor_enabled && can_enter(account)
    });
    Ok(match admins.count() {
        0 => Finding::ok(name, "every admin signs in with a code"),
        without => Finding::look(
            name,
            format!("{without} admins sign in with a password alone: AUTH_TWO_FACTOR_FOR=admins"),
        ),
    })
}
