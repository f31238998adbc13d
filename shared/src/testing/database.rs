//! A database for each test, cloned from a template that is migrated and seeded once.

use crate::config::{Distribution, SecondProject};
use crate::jobs::Announce;
use crate::local_time::Timezone;
use crate::phone::Phone;
use crate::providers::calendar::MockCalendar;
use crate::providers::dummy::Dummy;
use crate::texts::Texts;
use crate::{App, Clock, db, seed};
use secrecy::SecretString;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{ConnectOptions, PgConnection, Row};
use std::fmt::Write;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The lock under which the template is made. "PLte" in ASCII.
const TEMPLATE_LOCK: i64 = 0x504C_7465;

/// A database that is dropped with this value.
pub struct TestDatabase {
    admin: PgConnectOptions,
    name: String,
    url: String,
}

impl TestDatabase {
    /// A migrated, seeded database on the server that `TEST_DATABASE_URL` names.
    pub async fn new() -> Self {
        let url = server_url();
        let admin =
            PgConnectOptions::from_str(&url).expect("TEST_DATABASE_URL is a PostgreSQL URL");
        let mut connection = admin.connect().await.expect("the test server answers");
        let template = template(&mut connection, &url).await;
        let name = format!("pl_test_{}", Uuid::now_v7().simple());
        create(&mut connection, &name, Some(&template)).await;
        let url = with_database(&url, &name);
        Self { admin, name, url }
    }

    /// An empty database, neither migrated nor seeded.
    pub async fn empty() -> Self {
        let url = server_url();
        let admin =
            PgConnectOptions::from_str(&url).expect("TEST_DATABASE_URL is a PostgreSQL URL");
        let mut connection = admin.connect().await.expect("the test server answers");
        let name = format!("pl_test_{}", Uuid::now_v7().simple());
        create(&mut connection, &name, None).await;
        let url = with_database(&url, &name);
        Self { admin, name, url }
    }

    /// The URL for a process.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A pool on this database.
    pub fn pool(&self, connections: u32) -> PgPool {
        let url = SecretString::from(self.url.clone());
        let options = db::options(&url, "property-lounge-test").expect("a good URL");
        db::pool(options, connections)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // A runtime of its own: the test's may be ending. A database left behind costs only space.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut connection = admin.connect().await.map_err(std::io::Error::other)?;
                let statement = format!("drop database if exists {name} with (force)");
                execute(&mut connection, &statement)
                    .await
                    .map_err(std::io::Error::other)
            })
        });
        drop(dropping.join());
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the tests' one setting; the binaries' settings are clap's"
)]
fn server_url() -> String {
    std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL is not set: run `./test`, or `./test postgres` and export what it prints",
    )
}

/// The migrated and seeded template. The first test makes it.
async fn template(connection: &mut PgConnection, url: &str) -> String {
    let name = format!("pl_template_{}", migrations_hash());
    lock(connection, "select pg_advisory_lock($1)").await;
    if !exists(connection, &name).await {
        let building = format!("{name}_building");
        execute(
            connection,
            &format!("drop database if exists {building} with (force)"),
        )
        .await
        .expect("a stale template can be dropped");
        create(connection, &building, None).await;
        fill(&with_database(url, &building)).await;
        execute(
            connection,
            &format!("alter database {building} rename to {name}"),
        )
        .await
        .expect("nobody is on the new template");
    }
    lock(connection, "select pg_advisory_unlock($1)").await;
    name
}

async fn fill(url: &str) {
    let options = db::options(
        &SecretString::from(url.to_owned()),
        "property-lounge-template",
    );
    let pool = db::pool(options.expect("a good URL"), 2);
    db::migrate(&pool).await.expect("the migrations apply");
    let app = App {
        pool: pool.clone(),
        clock: Clock::database(),
        provider: Arc::new(Dummy),
        inbox: Arc::default(),
        sending: Arc::default(),
        distribution: Distribution {
            ack_window: Duration::from_secs(300),
            send_patience: Duration::from_secs(30),
            most_open_offers: 0,
            burst_forms: 0,
            second_project: SecondProject::Owner,
            poll: Duration::from_secs(15),
            mask_offers: false,
        },
        announce: Announce::Everyone,
        instance: Arc::from("seed"),
        lexicon: Arc::default(),
        texts: Arc::new(Texts::default()),
        meta: None,
        reminders: Arc::default(),
        calendar: Arc::new(MockCalendar),
        timezone: Timezone::Jakarta,
        summary_at: None,
        company_phone: Phone::from_e164("+6281200000000").expect("a number"),
    };
    seed::seed(&app).await.expect("the seed applies");
    pool.close().await;
}

async fn create(connection: &mut PgConnection, name: &str, template: Option<&str>) {
    let mut statement = format!("create database {name}");
    if let Some(template) = template {
        // A file copy is quickest, but on a durable server it costs a checkpoint.
        let durable: String = sqlx::query("show fsync")
            .fetch_one(&mut *connection)
            .await
            .expect("the server tells its settings")
            .get(0);
        let strategy = if durable == "off" {
            "file_copy"
        } else {
            "wal_log"
        };
        write!(statement, " template {template} strategy {strategy}").expect("a string grows");
    }
    execute(connection, &statement)
        .await
        .expect("the test server lets us create databases");
}

async fn execute(connection: &mut PgConnection, statement: &str) -> sqlx::Result<()> {
    // Names of databases cannot be bound; these are made here, of letters, digits and underscores.
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await?;
    Ok(())
}

async fn lock(connection: &mut PgConnection, statement: &'static str) {
    sqlx::query(statement)
        .bind(TEMPLATE_LOCK)
        .execute(connection)
        .await
        .expect("the template's lock");
}

async fn exists(connection: &mut PgConnection, name: &str) -> bool {
    sqlx::query("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(connection)
        .await
        .expect("the server lists its databases")
        .get(0)
}

fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url
        .split_once('?')
        .map_or((url, None), |(base, query)| (base, Some(query)));
    let (server, _) = base.rsplit_once('/').expect("a URL with a database");
    match query {
        Some(query) => format!("{server}/{name}?{query}"),
        None => format!("{server}/{name}"),
    }
}

/// Changes when any migration does.
fn migrations_hash() -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for migrator in [&migrations::MIGRATIONS, &migrations::of_apalis()] {
        for migration in migrator.iter() {
            (migration.version, &migration.checksum).hash(&mut hasher);
        }
    }
    format!("{:016x}", hasher.finish())
}
