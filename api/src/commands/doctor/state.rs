//! What runs, and what waits for a person.

use super::finding::Finding;
use crate::auth::Auth;
use chrono::{DateTime, TimeDelta, Utc};
use shared::auth::{self, Account, Role, two_factor};
use shared::distribution::{self, Punctuality};
use shared::operations::{self, ProcessRow, Trouble};
use shared::{App, db, sales};

/// A worker writes its row every ten seconds.
const SILENT_AFTER: TimeDelta = TimeDelta::seconds(15);

/// Checks what runs. A database that is not migrated cannot be looked at. Fails if the database does.
pub(super) async fn check(app: &App, auth: &Auth) -> shared::Result<Vec<Finding>> {
    if !db::is_migrated(&app.pool).await? {
        let said = "workers, deadlines and what waits for a person are not looked at before the schema is right";
        return Ok(vec![Finding::look("state", said)]);
    }
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    drop(connection);
    let processes = operations::processes(app).await?;
    let alive: Vec<&ProcessRow> = processes.iter().filter(|row| row.alive).collect();
    Ok(vec![
        of_workers(&alive, now),
        versions(&alive),
        deadlines(&distribution::punctuality(app).await?),
        freeze(app).await?,
        agents(app).await?,
        pauses(app).await?,
        trouble(operations::trouble(app).await?),
        second_factors(app, auth).await?,
    ])
}

fn of_workers(alive: &[&ProcessRow], now: DateTime<Utc>) -> Finding {
    let what = "workers";
    let workers = alive.iter().filter(|row| row.kind == "worker");
    let silent = |row: &&&ProcessRow| now - row.seen_at > SILENT_AFTER;
    let silent: Vec<String> = workers
        .clone()
        .filter(silent)
        .map(|row| {
            let seconds = (now - row.seen_at).num_seconds();
            format!("{} on {} for {seconds} s", row.instance, row.host)
        })
        .collect();
    if !silent.is_empty() {
        let silent = silent.join(", ");
        let said = format!(
            "a worker is heard of every 10 s, and not heard of are: {silent}. Ask the service manager of the host"
        );
        return Finding::look(what, said);
    }
    match workers.count() {
        0 => Finding::wrong(
            what,
            "none runs: no offer rolls and nothing is sent. docs/operators/incidents.md, \"Lost worker\"",
        ),
        1 => Finding::look(
            what,
            "one runs: a second on another host keeps deadlines when this one fails",
        ),
        many => Finding::ok(what, format!("{many} run")),
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

fn deadlines(kept: &Punctuality) -> Finding {
    let what = "deadlines";
    if kept.is_well() {
        return Finding::ok(what, "no offer is overdue, and the audit runs");
    }
    let mut wrong = Vec::new();
    if let Some(seconds) = kept.latest_seconds {
        let overdue = kept.overdue;
        wrong.push(format!(
            "{overdue} offers are overdue, the first by {seconds:.0} s"
        ));
    }
    if !kept.is_audited() {
        let due = kept.audit_due_seconds;
        wrong.push(due.map_or_else(
            || "the audit never ran".to_owned(),
            |due| format!("the audit has been due for {due:.0} s"),
        ));
    }
    let wrong = wrong.join(", and ");
    Finding::wrong(what, format!("{wrong}: look at the workers and their logs"))
}

async fn freeze(app: &App) -> shared::Result<Finding> {
    Ok(match distribution::frozen_since(app).await? {
        Some(since) => Finding::look(
            "freeze",
            format!(
                "offers have been frozen since {since}. docs/operators/incidents.md, \"WhatsApp does not answer\""
            ),
        ),
        None => Finding::ok("freeze", "offers are not frozen"),
    })
}

async fn agents(app: &App) -> shared::Result<Finding> {
    let what = "agents";
    let (all, without) = sales::without_number(app).await?;
    let reachable = usize::try_from(all).unwrap_or(0) - without.len();
    if without.is_empty() && all > 0 {
        return Ok(Finding::ok(
            what,
            format!("{all} have a number and a place in a queue"),
        ));
    }
    if reachable == 0 {
        let said = "nobody with a number has a place in a queue: no lead can be offered. On the desk, *Users* has numbers, *Queues* places";
        return Ok(Finding::wrong(what, said));
    }
    let without = without.join(", ");
    let said = format!(
        "{reachable} can be offered leads, and {without} cannot: no number. The desk has it under *Users*"
    );
    Ok(Finding::look(what, said))
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
    let waits = counts.for_a_person();
    let unsettled = match counts.sends_unsettled {
        0 => String::new(),
        many => format!("; {many} sends have no outcome yet and settle by themselves"),
    };
    if waits == 0 {
        let said = format!("nothing waits for a person{unsettled}");
        return Finding::ok("trouble", said);
    }
    let said = format!(
        "{waits} things wait for a person: `api leads trouble`{unsettled}. docs/operators/incidents.md"
    );
    Finding::look("trouble", said)
}

async fn second_factors(app: &App, settings: &Auth) -> shared::Result<Finding> {
    let name = "two-factor";
    let sealed = two_factor::sealed(app, &settings.keys()).await?;
    if sealed.unreadable > 0 {
        let said = format!(
            "{} users cannot sign in: their codes were encrypted with a secret that is gone. Add the former \
             BETTER_AUTH_SECRET to BETTER_AUTH_OLD_SECRETS and start the api, or `api user reset-two-factor`",
            sealed.unreadable
        );
        return Ok(Finding::wrong(name, said));
    }
    if sealed.old > 0 {
        let said = format!(
            "the codes of {} users are still encrypted with a secret of BETTER_AUTH_OLD_SECRETS: keep it there until an api \
             that has started with the present secrets has encrypted them again",
            sealed.old
        );
        return Ok(Finding::look(name, said));
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
