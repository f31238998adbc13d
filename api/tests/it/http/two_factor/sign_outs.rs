//! What ends: trusted devices, sign-ins that wait, and requests of a session that has ended.

use super::browser::{ADMIN, Browser, PASSWORD, user_of};
use crate::http::sign_in::client;
use serde_json::json;
use shared::auth::{self, Client, Found, Role};
use shared::testing::{Harness, until_somebody_waits};

#[tokio::test]
async fn a_new_password_and_signing_out_everywhere_end_what_waits_and_what_is_trusted() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    let admin = user_of(&harness, ADMIN, Role::Admin).await;
    let mut owner = Browser::new(&harness, &http);
    owner.set_up_and_trust(ADMIN, PASSWORD).await;
    let mut thief = Browser::new(&harness, &http);
    thief.sign_in(ADMIN, PASSWORD).await;
    auth::reset_password(&harness.app, &admin, PASSWORD)
        .await
        .expect("set");
    let code = owner.next_code();
    let late = thief.verify(&code, false).await;
    assert_eq!(
        (late.status, &late.body["code"]),
        (401, &json!("INVALID_TWO_FACTOR_COOKIE"))
    );
    owner
        .cookies
        .retain(|name, _| name.ends_with("trust_device"));
    assert_eq!(
        owner.sign_in(ADMIN, PASSWORD).await.body["twoFactorRedirect"],
        true
    );
    let code = owner.next_code();
    owner.verify(&code, true).await;
    owner
        .ask("/api/auth/revoke-sessions", Some(json!({})))
        .await;
    let asked = owner.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(
        asked.body["twoFactorRedirect"], true,
        "signed out everywhere"
    );
}

#[tokio::test]
async fn a_trusted_device_is_its_users_alone_until_the_password_is_set_anew() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    let admin = user_of(&harness, ADMIN, Role::Admin).await;
    let other = "wati@example.com";
    let wati = user_of(&harness, other, Role::Admin).await;
    let mut owner = Browser::new(&harness, &http);
    owner.set_up_and_trust(ADMIN, PASSWORD).await;
    let device = owner.cookies["better-auth.trust_device"].clone();
    let mut colleague = Browser::new(&harness, &http);
    colleague.set_up(other, PASSWORD).await;
    colleague.cookies = [("better-auth.trust_device".to_owned(), device)].into();
    let asked = colleague.sign_in(other, PASSWORD).await;
    assert_eq!(
        asked.body["twoFactorRedirect"], true,
        "another user's device"
    );
    owner
        .cookies
        .retain(|name, _| name.ends_with("trust_device"));
    let first = owner.cookies.clone();
    assert!(owner.sign_in(ADMIN, PASSWORD).await.body["token"].is_string());
    let mut copied = Browser::new(&harness, &http);
    copied.cookies = first;
    let asked = copied.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(
        asked.body["twoFactorRedirect"], true,
        "each id is for one sign-in"
    );
    auth::reset_password(&harness.app, &admin, "selat timur dari angin")
        .await
        .expect("set");
    owner
        .cookies
        .retain(|name, _| name.ends_with("trust_device"));
    let asked = owner.sign_in(ADMIN, "selat timur dari angin").await;
    assert_eq!(
        asked.body["twoFactorRedirect"], true,
        "the password was set anew"
    );
    auth::two_factor::reset(&harness.app, &wati)
        .await
        .expect("reset");
    assert!(colleague.sign_in(other, PASSWORD).await.body["token"].is_string());
}

/// Who sets the password anew forgets the devices that are trusted then. A sign-in that replaces a device's id at that moment waits,
/// and finds the device forgotten.
#[tokio::test]
async fn a_device_is_not_trusted_again_while_the_password_is_set_anew() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    let app = &harness.app;
    let admin = user_of(&harness, ADMIN, Role::Admin).await;
    let mut owner = Browser::new(&harness, &http);
    owner.set_up_and_trust(ADMIN, PASSWORD).await;
    let devices = "select identifier from verification where identifier like 'trust-device-%'";
    let device: String = sqlx::query_scalar(devices)
        .fetch_one(&app.pool)
        .await
        .expect("one device");
    let mut setting = app.begin().await.expect("a transaction");
    sqlx::query("select from \"user\" where id = $1 for update")
        .bind(&admin.0)
        .execute(&mut *setting)
        .await
        .expect("locked, as a new password does");
    let (of_sign_in, who) = (app.clone(), admin.clone());
    let signing_in =
        tokio::spawn(async move { auth::two_factor::trusts(&of_sign_in, &who, &device).await });
    until_somebody_waits(&app.pool).await;
    sqlx::query("delete from verification where value = $1")
        .bind(&admin.0)
        .execute(&mut *setting)
        .await
        .expect("forgotten, as a new password does");
    setting.commit().await.expect("the password is set");
    let trusted = signing_in.await.expect("it ends").expect("an answer");
    assert_eq!(trusted, None);
    let left: Option<String> = sqlx::query_scalar(devices)
        .fetch_optional(&app.pool)
        .await
        .expect("a look");
    assert_eq!(left, None, "no device is trusted");
}

#[tokio::test]
async fn a_request_of_a_session_that_ended_meanwhile_changes_nothing() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    let app = &harness.app;
    let admin = user_of(&harness, ADMIN, Role::Admin).await;
    let mut thief = Browser::new(&harness, &http);
    let token = thief.sign_in(ADMIN, PASSWORD).await.body["token"].clone();
    // The thief's request is let in, and takes its time to check the password.
    let token = token.as_str().expect("a token");
    let Found::Good { session, .. } = auth::session(app, token, false).await.expect("read") else {
        panic!("the thief is signed in");
    };
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    let from = Client::default();
    let off = auth::two_factor::give_up(app, &session, &from, true).await;
    assert!(off.expect("an answer").is_none());
    let new = "selat timur dari angin";
    let changed = auth::change_password(app, &session, PASSWORD, new, Some(&from)).await;
    assert!(changed.expect("an answer").is_none());
    let kept = auth::is_password_of(app, &admin, PASSWORD).await;
    assert!(kept.expect("read"), "the password is the owner's");
    let session = owner.ask("/api/auth/get-session", None).await;
    assert_eq!(session.body["user"]["twoFactorEnabled"], true);
}
