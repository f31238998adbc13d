//! The roles of `deploy/postgres`: one owns the schema, one reads and writes rows.

use super::company::Company;
use shared::testing::{Process, TestDatabase};
use sqlx::PgPool;
use std::path::PathBuf;
use std::process::Command;

const ROLES: &str = include_str!("../../../../deploy/postgres/1-roles.sql");
const OWNER: &str = "property_lounge_owner";
const APP: &str = "property_lounge_app";

/// The URL for another role. The test server asks for no password.
fn url_of(role: &str, database: &TestDatabase) -> String {
    let mut url = reqwest::Url::parse(database.url()).expect("a URL");
    url.set_username(role).expect("a name");
    url.to_string()
}

async fn add_roles(database: &TestDatabase) {
    let mut connection = database.pool(1).acquire().await.expect("a connection");
    // The roles are of the whole server, which other tests use.
    let lock = "select pg_advisory_lock(hashtext('roles of the tests'))";
    sqlx::query(lock)
        .execute(&mut *connection)
        .await
        .expect("a lock");
    for _ in 0..2 {
        sqlx::raw_sql(ROLES)
            .execute(&mut *connection)
            .await
            .expect("roles");
    }
}

fn migrate(url: &str) {
    let migrated = Command::new(env!("CARGO_BIN_EXE_api"))
        .arg("migrate")
        .env_clear()
        .env("DATABASE_URL", url)
        .current_dir("/")
        .output()
        .expect("the binary runs");
    assert!(migrated.status.success(), "{migrated:?}");
}

/// A lead is offered, rolls and is taken, by processes that can only read and write rows.
async fn a_lead_lives(database: TestDatabase) {
    let owner: PgPool = database.pool(2);
    let url = url_of(APP, &database);
    let seeding = Process::spawn(
        PathBuf::from(env!("CARGO_BIN_EXE_api")),
        &["seed"],
        &[("DATABASE_URL", &url)],
    );
    seeding.logs("admin@property-lounge.test").await;
    let company = Company::at(url, owner.clone(), "5");
    let (_api, address) = company.start_api().await;
    let _worker = company.start_worker();
    company.client_writes(&address, 1).await.expect("an answer");
    let rolled = "select count(*) from distribution_attempt where status = 'timed_out'";
    company.wait_for(rolled, 1).await;
    let offered =
        "select count(*) from distribution_attempt where status = 'open' and position = 2";
    company.wait_for(offered, 1).await;
    company.agent_says_ok(&address, 2).await.expect("an answer");
    let taken = "select count(*) from lead where owner_sales_id is not null";
    company.wait_for(taken, 1).await;
    let app = PgPool::connect(&url_of(APP, &database))
        .await
        .expect("the role may connect");
    for forbidden in [
        "create table mine (id int)",
        "create schema mine",
        "alter table lead add column mine int",
        "drop table lead",
        "truncate lead cascade",
        "create role mine",
        "alter table lead disable trigger all",
        "copy lead to program 'cat'",
    ] {
        let refused = sqlx::raw_sql(forbidden).execute(&app).await;
        let error = refused.expect_err(forbidden);
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
    // It sees who waits for whom, also of other roles.
    let superuser = database.pool(2);
    let mut holder = shared::db::begin(&superuser).await.expect("a transaction");
    sqlx::raw_sql("lock table holiday")
        .execute(&mut *holder)
        .await
        .expect("a lock");
    let waits =
        tokio::spawn(async move { sqlx::query("select from holiday").execute(&superuser).await });
    let waiting = "select count(*) from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())";
    company.wait_for(waiting, 1).await;
    let (_, said) = company.api(&["doctor"]);
    assert!(said.contains("of another role) holds up"), "{said}");
    holder.rollback().await.expect("released");
    waits.await.expect("it goes on").expect("an answer");
    // It cannot archive either, and the owner can.
    let (code, _) = company.api(&["archive"]);
    assert_eq!(code, 1);
    let of_owner = Company::at(url_of(OWNER, &database), owner.clone(), "5");
    let counted = of_owner.api_json(&["archive"]);
    assert_eq!(counted["events"], 0, "this lead is young");
    // Nobody deletes events, and this role does not either when it says that it archives.
    for delete in [
        "delete from distribution_event",
        "with archiving as materialized (select set_config('property_lounge.archiving', 'on', false))
         delete from distribution_event using archiving",
    ] {
        let refused = sqlx::raw_sql(delete).execute(&app).await.expect_err(delete);
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_database_is_made_by_its_owner_and_used_by_a_role_that_can_only_use_it() {
    let database = TestDatabase::empty().await;
    add_roles(&database).await;
    migrate(&url_of(OWNER, &database));
    a_lead_lives(database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_a_superuser_is_handed_over() {
    let database = TestDatabase::empty().await;
    migrate(database.url());
    add_roles(&database).await;
    migrate(&url_of(OWNER, &database));
    let owners: Vec<String> = sqlx::query_scalar(
        "select distinct tableowner::text from pg_tables where schemaname in ('public', 'apalis')",
    )
    .fetch_all(&database.pool(1))
    .await
    .expect("tables");
    assert_eq!(owners, [OWNER]);
    a_lead_lives(database).await;
}
