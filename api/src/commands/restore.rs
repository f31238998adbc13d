//! `api after-restore`: ends what was under way at the instant of the backup.

use super::actor::actor;
use super::print;
use serde_json::json;
use shared::{App, operations};

/// Counts what was under way, and ends it with `yes`. Fails while a process runs that could send it, or if the database does.
pub async fn run(app: &App, yes: bool, as_json: bool) -> anyhow::Result<()> {
    let processes = operations::processes(app).await?;
    let runs = processes
        .iter()
        .find(|process| process.alive && process.kind != "api");
    // The backup has the rows of processes that ran then; they are silent by the time that anybody types this.
    if let Some(process) = runs {
        anyhow::bail!(
            "{} on {} was heard of at {}: stop it first. If it is a row of the backup, wait for half a minute",
            process.instance,
            process.host,
            process.seen_at
        );
    }
    let found = if yes {
        operations::after_restore(app, &actor()).await?
    } else {
        operations::under_way(app).await?
    };
    if as_json {
        let value = json!({
            "messages": found.messages,
            "sends": found.sends,
            "reminders": found.reminders,
            "inbound": found.inbound,
            "done": yes,
        });
        return Ok(print::json(&value)?);
    }
    let (messages, sends, reminders) = (found.messages, found.sends, found.reminders);
    let inbound = found.inbound;
    let what = format!(
        "{messages} messages and offers were queued, {sends} sends had no outcome, {reminders} reminders and summaries are due, {inbound} received messages were not handled (they are handled when a worker runs, and may be answered a second time)"
    );
    Ok(print::line(&if yes {
        format!(
            "{what}. None of the first three is sent. The messages are listed as failed on the desk"
        )
    } else {
        format!("{what}. Add --yes, so that none of the first three is sent a second time")
    })?)
}
