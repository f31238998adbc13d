//! `api archive`: moves the event log of old leads to a file.
//!
//! The file has one event a line, as JSON, compressed by gzip: `zgrep LEAD FILE` has a lead's story. It is on the disk and was
//! read back before a row is deleted.

use super::actor::actor;
use super::print;
use crate::cli::Archive;
use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::Clock;
use shared::db::Pool;
use shared::distribution::{self, EventArchive};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Counts what can move, and moves it with `--yes`. Fails if the role does not own the schema, if the file exists or cannot be
/// written or read back, or if the database does. What was not deleted then is deleted the next time.
pub async fn run(pool: &Pool, asked: &Archive) -> anyhow::Result<()> {
    if asked.list {
        return list(pool, asked.json).await;
    }
    let now = Clock::database().now(&mut *pool.acquire().await?).await?;
    let before = now - TimeDelta::days(i64::from(asked.keep_days));
    let events = distribution::count_archivable(pool, before).await?;
    if events == 0 || !asked.yes {
        if asked.json {
            let value = json!({ "events": events, "before": before, "done": false });
            return Ok(print::json(&value)?);
        }
        let more = if events == 0 {
            ""
        } else {
            "; add --yes to move them to a file"
        };
        let day = before.date_naive();
        let said = format!("{events} events of leads with none since {day}{more}");
        return Ok(print::line(&said)?);
    }
    let file = file_name(&asked.to, before);
    let archive = write(pool, &file, (before, now)).await?;
    let events = read_back(&file, &archive)?;
    let deleted = distribution::delete_archived(pool, &archive, &events).await?;
    tracing::warn!(
        events = archive.events,
        deleted,
        by = archive.made_by,
        "events.archived"
    );
    if asked.json {
        let value = json!({ "events": archive.events, "deleted": deleted, "file": archive.file, "before": before, "done": true });
        return Ok(print::json(&value)?);
    }
    let said = format!(
        "{} events are in {}, and {deleted} of them are deleted here",
        archive.events, archive.file
    );
    Ok(print::line(&said)?)
}

fn file_name(folder: &Path, before: DateTime<Utc>) -> PathBuf {
    folder.join(format!(
        "distribution_event-before-{}.jsonl.gz",
        before.format("%Y%m%dT%H%M%S%3fZ")
    ))
}

/// Writes the file, and has it on the disk before it returns.
async fn write(
    pool: &Pool,
    path: &Path,
    (before, now): (DateTime<Utc>, DateTime<Utc>),
) -> anyhow::Result<EventArchive> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let file = options
        .open(path)
        .with_context(|| format!("cannot create {}", path.display()))?;
    let cannot = || format!("cannot write {}; nothing was deleted", path.display());
    let mut out = GzEncoder::new(BufWriter::new(file), Compression::default());
    let (mut last_id, mut events, mut span) = (0, 0, None);
    loop {
        let rows = distribution::archivable(pool, before, last_id).await?;
        let Some((id, ..)) = rows.last() else {
            break;
        };
        last_id = *id;
        for (_, at, line) in &rows {
            let (first, last) = span.unwrap_or((*at, *at));
            span = Some((first.min(*at), last.max(*at)));
            writeln!(out, "{line}").with_context(cannot)?;
            events += 1;
        }
    }
    let file = out.finish().and_then(|out| {
        out.into_inner()
            .map_err(std::io::IntoInnerError::into_error)
    });
    file.and_then(|file| file.sync_all()).with_context(cannot)?;
    // The name is on the disk, too.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .with_context(cannot)?;
    let (first_at, last_at) = span.context("nothing can move any more")?;
    Ok(EventArchive {
        id: Uuid::now_v7(),
        before,
        file: path.canonicalize()?.display().to_string(),
        sha256: sha256(path)?,
        events,
        deleted: 0,
        first_at,
        last_at,
        made_at: now,
        made_by: actor().to_string(),
    })
}

fn sha256(path: &Path) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    let mut file = BufReader::new(File::open(path)?);
    loop {
        let part = file.fill_buf()?;
        if part.is_empty() {
            break;
        }
        hash.update(part);
        let read = part.len();
        file.consume(read);
    }
    Ok(hex::encode(hash.finalize()))
}

/// The ids of the events in the file. Fails if one cannot be read, or if they are not as many as were written.
fn read_back(path: &Path, archive: &EventArchive) -> anyhow::Result<Vec<i64>> {
    let cannot = || format!("cannot read {} back; nothing was deleted", path.display());
    let file = File::open(path).with_context(cannot)?;
    let mut ids = Vec::new();
    for line in BufReader::new(MultiGzDecoder::new(file)).lines() {
        let line = line.with_context(cannot)?;
        let event: Value = serde_json::from_str(&line).with_context(cannot)?;
        ids.push(event["id"].as_i64().with_context(cannot)?);
    }
    let read = i64::try_from(ids.len())?;
    anyhow::ensure!(
        read == archive.events,
        "{} has {read} events, not {}; nothing was deleted",
        archive.file,
        archive.events
    );
    Ok(ids)
}

async fn list(pool: &Pool, as_json: bool) -> anyhow::Result<()> {
    let archives = distribution::archives(pool).await?;
    if as_json {
        let value = archives.iter().map(|archive| {
            json!({ "file": archive.file, "sha256": archive.sha256, "events": archive.events, "deleted": archive.deleted,
                    "firstAt": archive.first_at, "lastAt": archive.last_at, "madeAt": archive.made_at, "madeBy": archive.made_by })
        });
        return Ok(print::json(&value.collect())?);
    }
    let rows: Vec<Vec<String>> = archives
        .into_iter()
        .map(|archive| {
            vec![
                archive.made_at.to_rfc3339(),
                archive.made_by,
                archive.first_at.date_naive().to_string(),
                archive.last_at.date_naive().to_string(),
                archive.events.to_string(),
                archive.deleted.to_string(),
                archive.sha256,
                archive.file,
            ]
        })
        .collect();
    let head = [
        "made at", "by", "from", "to", "events", "deleted", "sha256", "file",
    ];
    Ok(print::table(&head, &rows)?)
}
