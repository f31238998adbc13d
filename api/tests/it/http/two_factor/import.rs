//! Apps of the previous server come over.

use super::browser::SECRET;
use crate::http::import::{carried, empty_database};
use serde_json::Value;
use shared::auth::two_factor::{self, Keys, Sealed};
use shared::id::UserId;
use shared::import::Plan;
use shared::testing::Harness;

#[tokio::test]
async fn a_second_factor_comes_over_and_a_code_by_email_is_named() {
    let harness = Harness::new().await;
    let capture: Value =
        serde_json::from_str(include_str!("../../../fixtures/two-factor-exchanges.json"))
            .expect("JSON");
    let row = &capture["stored"]["row"];
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let database = empty_database().await;
    let old = database.pool(2);
    // As better-auth's own migrations write it.
    sqlx::raw_sql(
        r#"create table "user" (id text, name text, email text, "twoFactorEnabled" boolean);
           insert into "user" values ('with-app', 'Rina', 'rina@example.com', true), ('by-mail', 'Wati', 'wati@example.com', true),
                                     ('unproven', 'Budi', 'budi@example.com', false);
           create table "twoFactor" (id text, secret text, "backupCodes" text, "userId" text, verified boolean)"#,
    )
    .execute(&old)
    .await
    .expect("an old database");
    for (id, user, verified) in [("t1", "with-app", None), ("t2", "unproven", Some(false))] {
        sqlx::query(r#"insert into "twoFactor" values ($1, $2, $3, $4, $5)"#)
            .bind(id)
            .bind(text(&row["secret"]))
            .bind(text(&row["backupCodes"]))
            .bind(user)
            .bind(verified)
            .execute(&old)
            .await
            .expect("a row");
    }
    let plan = Plan::default();
    let done = carried(&harness, &old, &plan).await.expect("it comes over");
    assert_eq!((done.counts.users, done.counts.second_factors), (3, 2));
    let changed = done
        .lines
        .iter()
        .find(|line| line.id == "by-mail" && line.reason.contains("a code by email"));
    assert!(changed.is_some(), "{:?}", done.lines);
    let asks: Vec<String> = sqlx::query_scalar(r#"select id from "user" where two_factor_enabled"#)
        .fetch_all(&harness.app.pool)
        .await
        .expect("the users");
    assert_eq!(asks, ["with-app"]);
    let keys = Keys::new([SECRET.as_bytes()]);
    let sealed = two_factor::sealed(&harness.app, &keys);
    assert_eq!(sealed.await.expect("read"), Sealed::default());
    // An admin let Rina in without a code since: a second run does not bring the lost app back.
    let rina = UserId("with-app".to_owned());
    two_factor::reset(&harness.app, &rina).await.expect("reset");
    let again = carried(&harness, &old, &plan).await.expect("it comes over");
    assert_eq!(again.counts.second_factors, 0);
    let apps: i64 =
        sqlx::query_scalar("select count(*) from two_factor where user_id = 'with-app'")
            .fetch_one(&harness.app.pool)
            .await
            .expect("a count");
    assert_eq!(apps, 0);
}
