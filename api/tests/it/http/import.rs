//! The old database brought over: its people sign in with their passwords, and who is signed in stays so.

use super::client_of;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use shared::import::{Counts, Imported, LeadColumns, Plan};
use shared::testing::{Harness, TestDatabase};
use sqlx::PgPool;

/// The secret of the server that the dump was taken from.
const SECRET: &str = "conformance-secret-0123456789abcdef0123456789abcdef";

async fn bring_over(harness: &Harness, old: &PgPool) -> shared::Result<Counts> {
    Ok(carried(harness, old, &Plan::default()).await?.counts)
}

pub(super) async fn carried(
    harness: &Harness,
    old: &PgPool,
    plan: &Plan,
) -> shared::Result<Imported> {
    shared::import::import(&harness.app, old, plan, |_| {}).await
}

/// A database without our tables.
pub(super) async fn empty_database() -> TestDatabase {
    let database = TestDatabase::empty().await;
    let url = secrecy::SecretString::from(database.url().to_owned());
    shared::db::create_if_missing(&url)
        .await
        .expect("it is there");
    database
}

async fn old_database() -> (TestDatabase, PgPool) {
    let database = empty_database().await;
    let pool = database.pool(2);
    let dump = include_str!("../../fixtures/drizzle-dump.sql");
    // A command that only psql understands.
    let lines: Vec<&str> = dump
        .lines()
        .filter(|line| !line.starts_with('\\'))
        .collect();
    let sql = lines.join("\n");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&pool)
        .await
        .expect("the dump loads");
    pool.close().await;
    // The dump leaves its connection without a search path.
    let pool = database.pool(2);
    (database, pool)
}

#[tokio::test]
async fn a_drizzle_database_comes_over_once_and_its_logins_go_on() {
    let harness = Harness::new().await;
    let (_database, old) = old_database().await;
    let at = |text: &str| -> DateTime<Utc> { text.parse().expect("a time") };
    harness.app.clock.set(at("2026-11-23T00:00:00Z"));
    let first = bring_over(&harness, &old).await.expect("it comes over");
    assert_eq!(
        first,
        Counts {
            users: 1,
            accounts: 1,
            sessions: 1,
            left: 0,
            ..Counts::default()
        }
    );
    let again = bring_over(&harness, &old).await.expect("again");
    assert_eq!(
        again,
        Counts {
            left: 3,
            ..Counts::default()
        }
    );

    // A time without a zone is UTC.
    let expires: DateTime<Utc> = sqlx::query_scalar(
        "select expires_at from session where token = 'SPqd28D8GF9fzp6DPyPblycdzaAuriO9'",
    )
    .fetch_one(&harness.app.pool)
    .await
    .expect("the session");
    assert_eq!(expires, at("2026-11-29T08:50:58.269Z"));
    // The seeded Sales A keeps the number; a new user does not get an agent's offers.
    let address: Option<String> =
        sqlx::query_scalar(r#"select offer_address from "user" where email = 'a@x.co'"#)
            .fetch_one(&harness.app.pool)
            .await
            .expect("the user");
    assert_eq!(address, None);

    let auth = auth_of(SECRET);
    let cookie = auth.cookie_of("SPqd28D8GF9fzp6DPyPblycdzaAuriO9");
    let http = client_of(&harness.app, auth);
    let answer = http
        .get("/api/auth/get-session")
        .header("cookie", cookie)
        .send()
        .await;
    let body: Value =
        serde_json::from_str(&answer.0.into_body().into_string().await.expect("a body"))
            .expect("JSON");
    assert_eq!(body["user"]["email"], "a@x.co");
    let wrong = json!({ "email": "a@x.co", "password": "not-the-password" });
    http.post("/api/auth/sign-in/email")
        .body_json(&wrong)
        .send()
        .await
        .assert_status(poem::http::StatusCode::UNAUTHORIZED);
}

fn auth_of(secret: &str) -> api::auth::Auth {
    let trusted = ["http://localhost:5173".to_owned()];
    api::auth::Auth::new(
        secret.into(),
        "http://localhost:3001",
        &trusted,
        false,
        false,
    )
}

#[tokio::test]
async fn a_database_of_better_auths_own_migrations_is_read_too() {
    let harness = Harness::new().await;
    let database = empty_database().await;
    let old = database.pool(2);
    sqlx::raw_sql(
        r#"create table "user" (id text, name text, email text, "emailVerified" boolean, "createdAt" timestamptz, role text);
           create table account (id text, "accountId" text, "providerId" text, "userId" text, password text, "createdAt" timestamptz);
           create table session (id text, "expiresAt" timestamptz, token text, "createdAt" timestamptz, "userId" text);
           create table verification (id text, identifier text, value text, "expiresAt" timestamptz);
           insert into "user" values ('u1', 'Boss', 'Boss@Example.com', true, '2025-01-01T00:00:00+07', 'user, admin');
           insert into account values ('a1', 'u1', 'credential', 'u1', 'salt:key', '2025-01-01T00:00:00Z'),
                                      ('a2', 'nobody', 'credential', 'nobody', 'salt:key', '2025-01-01T00:00:00Z');
           insert into session values ('s1', '2020-01-01T00:00:00Z', 'over', '2020-01-01T00:00:00Z', 'u1')"#,
    )
    .execute(&old)
    .await
    .expect("an old database");
    let done = bring_over(&harness, &old).await.expect("it comes over");
    assert_eq!(
        done,
        Counts {
            users: 1,
            accounts: 1,
            left: 2,
            ..Counts::default()
        }
    );
    let (email, role): (String, String) =
        sqlx::query_as(r#"select email, role from "user" where id = 'u1'"#)
            .fetch_one(&harness.app.pool)
            .await
            .expect("the user");
    assert_eq!(
        (email.as_str(), role.as_str()),
        ("boss@example.com", "admin")
    );
}

/// A lead's number, status, progress, owner, layer 2 status and reason.
type Row = (
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// An old database with people, a queue and leads, with the previous server's table names.
async fn old_office(lead_table: &str) -> (TestDatabase, PgPool) {
    let (database, old) = old_database().await;
    let sql = format!(
        r#"set search_path = public;
           insert into "user" (id, name, email, email_verified, created_at, updated_at)
           values ('old-rina', 'Rina', 'rina@x.co', true, '2025-01-01', '2025-01-01');
           create table sales_queue (id int, sales_id text, queue_order int, label text);
           insert into sales_queue values (1, 'old-rina', 7, 'G'), (2, 'who-left', 8, 'H');
           {lead_table}"#
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&old)
        .await
        .expect("an old office");
    (database, old)
}

#[tokio::test]
async fn leads_come_over_with_their_owner_layer_2_and_form_and_what_cannot_be_read_is_told() {
    let harness = Harness::new().await;
    let (_database, old) = old_office(
        "create table lead (id text, name text, phone text, status text, progress text, owner_sales_id text,
                            source_ads text, meta_lead_id text, layer2_status text, rejected_reason text,
                            rejected_note text, created_at timestamp, updated_at timestamp);
         insert into lead values
         ('l1', 'Budi', '0812 3400 1234', 'claimed', 'follow_up', 'old-rina', 'Ad', 'm-1', 'Ditolak', 'Terlalu jauh', 'katanya', '2025-02-01 10:00', '2025-02-02 10:00'),
         ('l2', 'Sari', '+62 812-3400-1235', 'hangus', 'no-action', null, null, null, null, null, null, '2025-02-01 10:00', null),
         ('l3', 'Tono', '6281234001236', 'distributing', 'pending', 'who-left', null, null, null, null, null, '2025-02-01 10:00', null),
         ('l4', 'Buta', 'tidak ada', 'new', null, null, null, null, null, null, null, '2025-02-01 10:00', null);",
    )
    .await;
    let done = carried(&harness, &old, &Plan::default())
        .await
        .expect("it comes over");
    let counts = &done.counts;
    assert_eq!((counts.users, counts.places, counts.leads), (2, 1, 3));
    let told = done.table();
    assert!(
        told.contains("lead\tl4\tleft\tits number is not a phone number"),
        "{told}"
    );
    assert!(
        told.contains("lead\tl3\tchanged\tits owner `who-left` is not here"),
        "{told}"
    );
    assert!(
        told.contains("sales_queue\t2\tleft\tits agent `who-left` is not here"),
        "{told}"
    );
    let leads: Vec<Row> =
        sqlx::query_as(
            "select phone, status, progress, owner_sales_id, layer2_status_id, rejected_reason_id from lead order by phone",
        )
        .fetch_all(&harness.app.pool)
        .await
        .expect("leads");
    let text = |word: &str| Some(word.to_owned());
    assert_eq!(
        leads,
        [
            (
                "+6281234001234".into(),
                "claimed".into(),
                "follow-up".into(),
                text("old-rina"),
                text("ditolak"),
                text("terlalu-jauh")
            ),
            (
                "+6281234001235".into(),
                "hangus".into(),
                "no-action".into(),
                None,
                None,
                None
            ),
            (
                "+6281234001236".into(),
                "new".into(),
                "pending".into(),
                None,
                None,
                None
            ),
        ]
    );
    // A form that was recorded there is recorded here too.
    let mut again = shared::testing::ad("m-1", "081234001234");
    again.name = Some("Budi".to_owned());
    let report = shared::distribution::take_ad(&harness.app, &again).await;
    assert!(report.expect("taken").duplicate);
    let done = bring_over(&harness, &old).await.expect("again");
    assert_eq!((done.users, done.places, done.leads), (0, 0, 0));
    let audit = shared::distribution::audit(&harness.app, false).await;
    assert_eq!(audit.expect("an audit"), [], "the rules hold");
}

#[tokio::test]
async fn an_old_lead_table_with_other_names_is_read_by_the_names_that_are_told() {
    let harness = Harness::new().await;
    let (_database, old) = old_office(
        "create table lead (id int, nama text, nomor_wa text, agen text, created_at timestamp);
         insert into lead values (1, 'Budi', '081234001234', 'old-rina', '2025-02-01 10:00');",
    )
    .await;
    let columns: LeadColumns = "phone=nomor_wa,name=nama,owner=agen"
        .parse()
        .expect("columns");
    let plan = Plan {
        columns,
        ..Plan::default()
    };
    let done = carried(&harness, &old, &plan).await.expect("it comes over");
    assert_eq!(done.counts.leads, 1);
    let (name, owner): (String, String) = sqlx::query_as("select name, owner_sales_id from lead")
        .fetch_one(&harness.app.pool)
        .await
        .expect("the lead");
    assert_eq!((name.as_str(), owner.as_str()), ("Budi", "old-rina"));
}

/// An old database with what old databases have: each row comes over or has its line, and a dry run says so before.
#[tokio::test]
async fn no_row_of_a_worn_database_is_dropped_without_a_line() {
    let harness = Harness::new().await;
    let database = empty_database().await;
    let old = database.pool(2);
    sqlx::raw_sql(include_str!("../../fixtures/worn-database.sql"))
        .execute(&old)
        .await
        .expect("an old database");
    let now = sqlx::query_scalar("select now()")
        .fetch_one(&old)
        .await
        .expect("the time of the old sessions");
    harness.app.clock.set(now);
    // Sales B is here already, under another id.
    sqlx::query(r#"insert into "user" (id, name, email, role) values ('here-b', 'Sales B', 'sales.b@example.test', 'sales')"#)
        .execute(&harness.app.pool)
        .await
        .expect("a user");
    let count = async |table: &str| -> i64 {
        let query = format!(r#"select count(*) from "{table}""#);
        sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&harness.app.pool)
            .await
            .expect("a count")
    };
    let before = (count("user").await, count("lead").await);
    let dry = carried(
        &harness,
        &old,
        &Plan {
            dry_run: true,
            ..Plan::default()
        },
    )
    .await
    .expect("a dry run");
    assert_eq!(
        (count("user").await, count("lead").await),
        before,
        "a dry run writes nothing"
    );
    let done = carried(&harness, &old, &Plan::default())
        .await
        .expect("it comes over");
    assert_eq!(dry.table(), done.table());
    let told = done.table();
    for line in [
        "user\tu2\tleft\tis here as `here-b` by the same email",
        "user\tu5\tchanged\twas banned: is disabled",
        "user\tu6\tchanged\tthe number is not a phone number",
        "account\ta9\tleft\tits user is not here",
        "session\ts2\tleft\thas expired",
        "sales_queue\t4\tleft\tits agent `tidakada` is not here",
        "its number `6281234000002.0` is read as +6281234000002",
        "its number `006591234567` is read as +6591234567",
        "left\thas no number",
        "left\ta lead with its id or its number is here already",
        "its owner `tidakada` is not here",
        "its form `m1` belongs to another lead already",
        "its progress `aneh sekali` is not known: pending",
    ] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
    // 6 users, 3 accounts, 3 sessions, 4 places, 13 leads.
    let rows = done.counts.users
        + done.counts.accounts
        + done.counts.sessions
        + done.counts.places
        + done.counts.leads
        + done.counts.left;
    assert_eq!(rows, 29, "{told}");
    let owner: String =
        sqlx::query_scalar("select owner_sales_id from lead where phone = '+6281234000010'")
            .fetch_one(&harness.app.pool)
            .await
            .expect("the lead");
    assert_eq!(
        owner, "here-b",
        "the leads of a user who is known by another id keep their owner"
    );
    let places: Vec<String> = sqlx::query_scalar(
        "select sales_id from sales_queue where sales_id in ('u1', 'here-b', 'u5')",
    )
    .fetch_all(&harness.app.pool)
    .await
    .expect("places");
    assert_eq!(
        places.len(),
        3,
        "two agents of one position both get a place"
    );
    let audit = shared::distribution::audit(&harness.app, false).await;
    assert_eq!(audit.expect("an audit"), [], "the rules hold");
}
