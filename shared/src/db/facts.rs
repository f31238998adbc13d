//! What the database server is and does now, for a person who looks for what is wrong.

use crate::Result;
use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};

/// What this server is.
#[derive(Clone, Debug)]
pub struct Facts {
    /// As PostgreSQL counts: 150018 is 15.18.
    pub version: i32,
    /// Which of `fsync`, `synchronous_commit` and `full_page_writes` are off.
    pub off: Vec<String>,
    /// The extensions that we use and that are not installed in this database.
    pub missing_extensions: Vec<String>,
    /// Whether this role is a superuser.
    pub is_superuser: bool,
    /// The last migration. `None`: the database is not migrated.
    pub schema: Option<i64>,
    /// The migrations of this binary that are not applied.
    pub missing_migrations: Vec<i64>,
    /// How many connections the server has.
    pub connections: i64,
    /// How many it can have.
    pub most_connections: i64,
    /// For how many seconds the oldest transaction of this database has run, of those that this role may see.
    pub oldest_transaction_seconds: f64,
    /// How many sessions of this database belong to other roles, so that this one may not see what they do.
    pub hidden_sessions: i64,
    /// The server's clock.
    pub now: DateTime<Utc>,
}

/// The facts about this server and database.
pub async fn facts(connection: &mut PgConnection) -> Result<Facts> {
    let row = sqlx::query!(
        r#"select current_setting('server_version_num')::int as "version!",
                  array(select name from pg_settings
                        where name in ('fsync', 'synchronous_commit', 'full_page_writes') and setting = 'off') as "off!: Vec<String>",
                  array(select wanted from unnest(array['hstore', 'pgcrypto', 'btree_gist', 'pg_trgm']) wanted
                        where not exists (select from pg_extension where extname = wanted)) as "missing!: Vec<String>",
                  (select rolsuper from pg_roles where rolname = current_user) as "is_superuser!",
                  to_regclass('public._sqlx_migrations') is not null as "has_migrations!",
                  (select count(*) from pg_stat_activity where datid is not null) as "connections!",
                  current_setting('max_connections')::bigint as "most!",
                  coalesce((select extract(epoch from clock_timestamp() - min(xact_start))::float8 from pg_stat_activity
                            where datname = current_database()), 0) as "oldest!",
                  (select count(*) from pg_stat_activity
                   where datname = current_database() and query = '<insufficient privilege>') as "hidden!",
                  clock_timestamp() as "now!""#
    )
    .fetch_one(&mut *connection)
    .await?;
    let applied: Vec<i64> = if row.has_migrations {
        sqlx::query_scalar("select version from public._sqlx_migrations where success")
            .fetch_all(connection)
            .await?
    } else {
        Vec::new()
    };
    Ok(Facts {
        version: row.version,
        off: row.off,
        missing_extensions: row.missing,
        is_superuser: row.is_superuser,
        schema: applied.iter().max().copied(),
        missing_migrations: migrations::missing(&applied),
        connections: row.connections,
        most_connections: row.most,
        oldest_transaction_seconds: row.oldest,
        hidden_sessions: row.hidden,
        now: row.now,
    })
}

/// A connection that others wait for.
#[derive(Clone, Debug)]
pub struct Blocker {
    /// The number of its process on the server.
    pub pid: i32,
    /// The name that its program gave, `property-lounge-worker` or `psql`. Empty: none.
    pub name: String,
    /// `active`, `idle in transaction` … `None`: this role may not see it.
    pub state: Option<String>,
    /// For how many seconds its transaction has run. `None`: this role may not see it.
    pub seconds: Option<f64>,
    /// Those that wait for it, each with the name of its program.
    pub waiting: Vec<String>,
}

/// Who holds a lock of this database that others wait for at this instant, the one with the most first. A role may see who waits
/// for whom, also of other roles, but not what those do.
pub async fn blockers(connection: &mut PgConnection) -> Result<Vec<Blocker>> {
    Ok(sqlx::query_as!(
        Blocker,
        r#"with waiting as (
               select pid, application_name, unnest(pg_blocking_pids(pid)) as blocker from pg_stat_activity
               where datname = current_database())
           select b.pid as "pid!", coalesce(b.application_name, '') as "name!", b.state,
                  extract(epoch from clock_timestamp() - b.xact_start)::float8 as seconds,
                  array_agg(w.application_name order by w.pid) as "waiting!"
           from waiting w join pg_stat_activity b on b.pid = w.blocker
           group by b.pid, b.application_name, b.state, b.xact_start order by count(*) desc, b.pid"#
    )
    .fetch_all(connection)
    .await?)
}

/// Has the server write a temporary file of some 16 MB and remove it, as it does for a large sort. Fails with
/// [`DatabaseTrouble::DiskFull`](crate::error::DatabaseTrouble) if there is no room.
pub async fn write_temporarily(connection: &mut PgConnection) -> Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query!("set local work_mem = '64kB'")
        .execute(&mut *transaction)
        .await?;
    sqlx::query!(
        r#"select max(place) as "most!" from (
               select row_number() over (order by word) as place
               from (select repeat(md5(n::text), 32) as word from generate_series(1, 16000) n) words) placed"#
    )
    .fetch_one(&mut *transaction)
    .await?;
    Ok(transaction.rollback().await?)
}
