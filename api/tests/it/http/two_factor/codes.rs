//! Codes of an app: they count once, and the password alone opens nothing.

use super::browser::{ADMIN, Browser, PAGE, PASSWORD, user_of};
use crate::http::sign_in::client;
use chrono::TimeDelta;
use serde_json::json;
use shared::auth::{self, Role, two_factor};
use shared::testing::Harness;

#[tokio::test]
async fn a_code_counts_once_and_the_password_alone_opens_nothing() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let mut thief = Browser::new(&harness, &http);
    assert_eq!(thief.sign_in(ADMIN, PASSWORD).await.status, 200);
    assert_eq!(thief.ask("/api/users", None).await.status, 200);
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    assert_eq!(
        thief.ask("/api/users", None).await.status,
        401,
        "other sessions ended"
    );
    let asked = thief.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(
        asked.body,
        json!({ "twoFactorRedirect": true, "twoFactorMethods": ["totp"] })
    );
    assert_eq!(thief.ask("/api/users", None).await.status, 401);
    // The thief saw the code over the owner's shoulder.
    owner.cookies.clear();
    owner.sign_in(ADMIN, PASSWORD).await;
    let code = owner.next_code();
    assert_eq!(owner.verify(&code, false).await.status, 200);
    let again = thief.verify(&code, false).await;
    assert_eq!(
        (again.status, &again.body["code"]),
        (401, &json!("INVALID_CODE"))
    );
    let paper = owner.backup_codes[0].clone();
    harness
        .app
        .clock
        .set(harness.now() + TimeDelta::minutes(11));
    let late = json!({ "code": paper });
    let late = thief
        .ask("/api/auth/two-factor/verify-backup-code", Some(late))
        .await;
    assert_eq!(
        (late.status, &late.body["code"]),
        (401, &json!("INVALID_TWO_FACTOR_COOKIE"))
    );
}

#[tokio::test]
async fn a_sign_in_that_began_before_the_app_was_set_up_asks_for_a_code() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let checked = auth::user_with_password(&harness.app, ADMIN, PASSWORD).await;
    let checked = checked.expect("an answer").expect("the password is right");
    assert!(!checked.user.two_factor_enabled);
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    let thief = auth::Client::default();
    let begun = auth::begin_session(&harness.app, &checked, &thief, true, false).await;
    assert!(matches!(begun, Ok(auth::Begun::AsksForCode)));
    assert_eq!(owner.ask("/api/users", None).await.status, 200);
}

#[tokio::test]
async fn a_sign_in_that_began_with_a_former_password_ends_with_nothing() {
    let harness = Harness::new().await;
    user_of(&harness, ADMIN, Role::Admin).await;
    let thief = auth::Client::default();
    let knows = async |password: &'static str| {
        let checked = auth::user_with_password(&harness.app, ADMIN, password).await;
        checked.expect("an answer").expect("the password is right")
    };
    let begins = async |checked: &auth::Checked| {
        let begun = auth::begin_session(&harness.app, checked, &thief, true, false).await;
        begun.expect("an answer")
    };
    let before = knows(PASSWORD).await;
    assert!(matches!(begins(&before).await, auth::Begun::Session(_)));
    let new = "satu kalimat sandi yang lain";
    auth::reset_password(&harness.app, &before.user.id, new)
        .await
        .expect("a new password");
    assert!(matches!(begins(&before).await, auth::Begun::NotAnyMore));
    let asked = two_factor::ask(&harness.app, &before).await;
    assert!(asked.expect("an answer").is_none());
    let after = knows(new).await;
    assert!(matches!(begins(&after).await, auth::Begun::Session(_)));
    sqlx::raw_sql("update \"user\" set disabled_at = now()")
        .execute(&harness.app.pool)
        .await
        .expect("a user who left");
    assert!(matches!(begins(&after).await, auth::Begun::NotAnyMore));
}

#[tokio::test]
async fn somebody_with_the_password_cannot_read_the_secret_that_is_being_set_up() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let mut thief = Browser::new(&harness, &http);
    thief.sign_in(ADMIN, PASSWORD).await;
    let mut owner = Browser::new(&harness, &http);
    owner.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(owner.two_factor("enable", PASSWORD).await.status, 200);
    let read = thief.two_factor("get-totp-uri", PASSWORD).await;
    assert_eq!(
        (read.status, &read.body["code"]),
        (400, &json!("TOTP_NOT_ENABLED"))
    );
    let code = owner.next_code();
    assert_eq!(owner.verify(&code, false).await.status, 200);
    // The thief's session has ended: it turns nothing off, however late its request is answered.
    let gone = thief.two_factor("disable", PASSWORD).await;
    assert_eq!(gone.status, 401);
}

#[tokio::test]
async fn guesses_at_one_instant_are_counted_one_by_one() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    owner.cookies.clear();
    owner.sign_in(ADMIN, PASSWORD).await;
    let cookie = &owner.cookies["better-auth.two_factor"];
    let guess = |_| {
        let request = http
            .post("/api/auth/two-factor/verify-totp")
            .header("origin", PAGE)
            .header("cookie", format!("better-auth.two_factor={cookie}"))
            .body_json(&json!({ "code": "000000" }));
        async move { request.send().await.0.status().as_u16() }
    };
    let statuses = futures::future::join_all((0..20).map(guess)).await;
    let wrong = statuses.iter().filter(|status| **status == 401).count();
    let ended = statuses.iter().filter(|status| **status == 400).count();
    // Five tries, one that ends the sign-in, and nothing to try for the rest.
    assert_eq!((wrong, ended), (19, 1), "{statuses:?}");
    let failures: i32 = sqlx::query_scalar("select failed_verification_count from two_factor")
        .fetch_one(&harness.app.pool)
        .await
        .expect("a row");
    assert_eq!(failures, 5);
}

#[tokio::test]
async fn the_log_tells_wrong_codes_from_a_lock_and_names_trusted_devices() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    // Five wrong codes end a sign-in, ten lock the app.
    for codes in [5, 5, 1] {
        owner.cookies.clear();
        owner.sign_in(ADMIN, PASSWORD).await;
        for _ in 0..codes {
            let answer = owner.verify("000000", false).await;
            assert_ne!(answer.status, 200);
        }
    }
    let clock = &harness.app.clock;
    clock.set(harness.now() + TimeDelta::minutes(16));
    owner.cookies.clear();
    owner.sign_in(ADMIN, PASSWORD).await;
    let code = owner.next_code();
    assert_eq!(owner.verify(&code, true).await.status, 200);
    let logged: Vec<(String, i64)> = sqlx::query_as(
        "select kind, count(*) from security_event
         where kind in ('code_wrong', 'code_locked', 'device_trusted') group by kind order by kind",
    )
    .fetch_all(&harness.app.pool)
    .await
    .expect("the log");
    let counted = |kind: &str, count| (kind.to_owned(), count);
    assert_eq!(
        logged,
        [
            counted("code_locked", 1),
            counted("code_wrong", 10),
            counted("device_trusted", 1)
        ]
    );
}
