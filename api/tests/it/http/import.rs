//! The old database brought over: its people sign in with their passwords, and who is signed in stays so.

use super::client_of;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use shared::auth::{Imported, import};
use shared::testing::{Harness, TestDatabase};
use sqlx::PgPool;

/// The secret of the server that the dump was taken from.
const SECRET: &str = "conformance-secret-0123456789abcdef0123456789abcdef";

async fn old_database() -> (TestDatabase, PgPool) {
    let database = TestDatabase::empty().await;
    let url = secrecy::SecretString::from(database.url().to_owned());
    shared::db::create_if_missing(&url)
        .await
        .expect("it is there");
    let pool = database.pool(2);
    let dump = include_str!("../../fixtures/drizzle-dump.sql");
    // What only psql understands.
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
    let first = import(&harness.app, &old).await.expect("it comes over");
    assert_eq!(
        first,
        Imported {
            users: 1,
            accounts: 1,
            sessions: 1,
            verifications: 0,
            left: 0
        }
    );
    let again = import(&harness.app, &old).await.expect("again");
    assert_eq!(
        again,
        Imported {
            left: 3,
            ..Imported::default()
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
    // The seeded Sales A keeps the number; nobody new takes an agent's offers.
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
    let database = TestDatabase::empty().await;
    let url = secrecy::SecretString::from(database.url().to_owned());
    shared::db::create_if_missing(&url)
        .await
        .expect("it is there");
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
    let done = import(&harness.app, &old).await.expect("it comes over");
    assert_eq!(
        done,
        Imported {
            users: 1,
            accounts: 1,
            sessions: 0,
            verifications: 0,
            left: 2
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
