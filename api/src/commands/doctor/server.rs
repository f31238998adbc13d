//! The database server.

use super::finding::Finding;
use shared::db::{Blocker, Facts};
use shared::error::DatabaseTrouble;
use shared::{App, db};

/// The oldest version of PostgreSQL, as it counts.
const OLDEST: i32 = 150_000;
/// A transaction that runs for longer holds others back, in seconds.
const LONG: f64 = 60.0;
/// A clock that is further from the database's, in milliseconds, is wrong.
const APART: i64 = 2000;

/// Checks the server and this database. Fails if it cannot be reached.
pub(super) async fn check(app: &App) -> shared::Result<Vec<Finding>> {
    let mut connection = app.pool.acquire().await?;
    let facts = db::facts(&mut connection).await?;
    let blockers = db::blockers(&mut connection).await?;
    let room = db::write_temporarily(&mut connection).await;
    let is_real = app.provider.name() != "dummy";
    Ok(vec![
        version(&facts),
        disk(room),
        durability(&facts, is_real),
        extensions(&facts),
        role(&facts),
        schema(&facts),
        connections(&facts),
        locks(&blockers),
        transactions(&facts),
        clock(&facts),
    ])
}

fn version(facts: &Facts) -> Finding {
    let major = facts.version / 10_000;
    if facts.version >= OLDEST {
        Finding::ok("PostgreSQL", format!("version {major}"))
    } else {
        Finding::wrong(
            "PostgreSQL",
            format!("version {major} is too old: use 15 or newer"),
        )
    }
}

/// Nothing real is lost with the dummy provider: `./dev` and the tests have it so.
fn durability(facts: &Facts, is_real: bool) -> Finding {
    let what = "durability";
    if facts.off.is_empty() {
        return Finding::ok(
            what,
            "fsync, synchronous_commit and full_page_writes are on",
        );
    }
    let off = facts.off.join(", ");
    let said = format!("{off} off: a crash loses messages that were answered. Turn it on");
    if is_real {
        Finding::wrong(what, said)
    } else {
        Finding::look(what, said)
    }
}

fn disk(room: shared::Result<()>) -> Finding {
    let what = "disk";
    match room {
        Ok(()) => Finding::ok(what, "PostgreSQL has room to write"),
        Err(error) if error.database_trouble() == Some(DatabaseTrouble::DiskFull) => {
            Finding::wrong(
                what,
                "PostgreSQL's disk is full: soon nothing can be stored. docs/operators/incidents.md, \"Full disk\"",
            )
        }
        Err(error) => Finding::look(
            what,
            format!("a temporary file could not be written: {error}"),
        ),
    }
}

fn extensions(facts: &Facts) -> Finding {
    if facts.missing_extensions.is_empty() {
        return Finding::ok("extensions", "all are installed");
    }
    let missing = facts.missing_extensions.join(", ");
    let said = format!("{missing} missing: run `api migrate` as the owner of the schema");
    Finding::wrong("extensions", said)
}

fn role(facts: &Facts) -> Finding {
    if facts.is_superuser {
        Finding::look(
            "role",
            "this is a superuser: use the roles of deploy/postgres",
        )
    } else {
        Finding::ok("role", "the processes' role is no superuser")
    }
}

fn schema(facts: &Facts) -> Finding {
    let (schema, known) = (facts.schema.unwrap_or(0), db::newest_schema());
    let missing: Vec<String> = facts
        .missing_migrations
        .iter()
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return Finding::ok("schema", format!("migration {schema}"));
    }
    let said = if schema < known {
        format!("migration {schema}, and this version needs {known}: run `api migrate`")
    } else {
        let missing = missing.join(", ");
        format!(
            "migration {schema}, but these before it are not applied: {missing}. Run `api migrate`"
        )
    };
    Finding::wrong("schema", said)
}

fn connections(facts: &Facts) -> Finding {
    let (used, most) = (facts.connections, facts.most_connections);
    if used * 10 < most * 9 {
        return Finding::ok("connections", format!("{used} of {most}"));
    }
    let said =
        format!("{used} of {most} are in use: raise max_connections or lower DATABASE_CONNECTIONS");
    Finding::look("connections", said)
}

fn locks(blockers: &[Blocker]) -> Finding {
    let what = "locks";
    if blockers.is_empty() {
        return Finding::ok(what, "nobody waits for a lock");
    }
    Finding::look(
        what,
        blockers.iter().map(told).collect::<Vec<_>>().join("; "),
    )
}

/// `PID 4711 (psql, idle in transaction for 40 s) holds up property-lounge-migrate`
fn told(blocker: &Blocker) -> String {
    let name = if blocker.name.is_empty() {
        "no name"
    } else {
        &blocker.name
    };
    let does = match (&blocker.state, blocker.seconds) {
        (Some(state), Some(seconds)) => format!("{state} for {seconds:.0} s"),
        _ => "of another role".to_owned(),
    };
    let waiting = blocker.waiting.join(", ");
    format!("PID {} ({name}, {does}) holds up {waiting}", blocker.pid)
}

fn transactions(facts: &Facts) -> Finding {
    let what = "long transactions";
    if facts.oldest_transaction_seconds < LONG {
        let hidden = match facts.hidden_sessions {
            0 => String::new(),
            many => format!("; {many} sessions of other roles are hidden from this one"),
        };
        return Finding::ok(what, format!("none is older than a minute{hidden}"));
    }
    let said = format!(
        "the oldest runs for {:.0} s: it holds back the live feed and the removal of old rows",
        facts.oldest_transaction_seconds
    );
    Finding::look(what, said)
}

fn clock(facts: &Facts) -> Finding {
    #[allow(
        clippy::disallowed_methods,
        reason = "the clock of this host is what is looked at"
    )]
    let here = chrono::Utc::now();
    let apart = here - facts.now;
    if apart.num_milliseconds().abs() < APART {
        return Finding::ok("clock", "this host agrees with the database within 2 s");
    }
    let said = format!(
        "this host differs from the database by {:.1} s: start NTP. Deadlines use the database's clock, signatures and tokens this host's",
        apart.as_seconds_f64().abs()
    );
    Finding::look("clock", said)
}
