//! What an office decides: who must have a second factor, who lost it, and a new secret of sign-in.

use super::browser::{ADMIN, Browser, PAGE, PASSWORD, SECRET, user_of};
use crate::http::sign_in::client;
use crate::http::webhook_secrets;
use api::auth::{Auth, CodesFor};
use poem::EndpointExt;
use poem::http::StatusCode;
use poem::test::TestClient;
use secrecy::SecretString;
use serde_json::json;
use shared::auth::Role;
use shared::auth::two_factor::{self, Keys, Rotated};
use shared::id::UserId;
use shared::testing::Harness;

#[tokio::test]
async fn an_admin_who_must_have_a_second_factor_does_nothing_without_and_cannot_give_it_up() {
    let harness = Harness::new().await;
    user_of(&harness, ADMIN, Role::Admin).await;
    user_of(&harness, "budi@example.com", Role::Sales).await;
    let secret = SecretString::from(SECRET);
    let trusted = [PAGE.to_owned()];
    let auth = Auth::new(secret, "http://api.test:3001", &trusted, true, false)
        .with_codes_for(CodesFor::Admins);
    let http = TestClient::new(api::app(harness.app.clone(), auth, webhook_secrets()).boxed());
    let mut browser = Browser::new(&harness, &http);
    assert_eq!(browser.sign_in(ADMIN, PASSWORD).await.status, 200);
    for path in ["/api/users", "/api/leads", "/api/session/confirm"] {
        let answer = browser.ask(path, None).await;
        assert_eq!(answer.status, 403, "{path}");
        assert_eq!(answer.body["code"], "two_factor_required", "{path}");
    }
    assert_eq!(browser.two_factor("enable", PASSWORD).await.status, 200);
    assert_eq!(
        browser.ask("/api/users", None).await.status,
        403,
        "no code was seen yet"
    );
    let code = browser.next_code();
    assert_eq!(browser.verify(&code, false).await.status, 200);
    assert_eq!(browser.ask("/api/users", None).await.status, 200);
    let kept = browser.two_factor("disable", PASSWORD).await;
    assert_eq!(
        (kept.status, &kept.body["code"]),
        (403, &json!("TWO_FACTOR_REQUIRED"))
    );
    let mut agent = Browser::new(&harness, &http);
    assert_eq!(
        agent.sign_in("budi@example.com", PASSWORD).await.status,
        200
    );
    assert_eq!(agent.ask("/api/leads", None).await.status, 200);
}

#[tokio::test]
async fn an_admin_lets_a_colleague_in_who_lost_the_phone_and_the_log_says_all_of_it() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    let admin = user_of(&harness, ADMIN, Role::Admin).await;
    let lost = user_of(&harness, "wati@example.com", Role::Sales).await;
    let mut wati = Browser::new(&harness, &http);
    wati.set_up("wati@example.com", PASSWORD).await;
    wati.two_factor("generate-backup-codes", PASSWORD).await;
    let mut rina = Browser::new(&harness, &http);
    rina.sign_in(ADMIN, PASSWORD).await;
    let path = format!("/api/users/{}/two-factor", lost.0);
    let cookie = format!(
        "better-auth.session_token={}",
        rina.cookies["better-auth.session_token"]
    );
    let done = http
        .delete(&path)
        .header("cookie", &cookie)
        .header("origin", PAGE)
        .send()
        .await;
    done.assert_status(StatusCode::OK);
    let own = format!("/api/users/{}/two-factor", admin.0);
    let own = http
        .delete(&own)
        .header("cookie", &cookie)
        .header("origin", PAGE);
    own.send().await.assert_status(StatusCode::CONFLICT);
    let missing = http
        .delete("/api/users/nobody/two-factor")
        .header("cookie", &cookie)
        .header("origin", PAGE);
    missing.send().await.assert_status(StatusCode::NOT_FOUND);
    assert_eq!(
        wati.ask("/api/leads", None).await.status,
        401,
        "signed out everywhere"
    );
    wati.cookies.clear();
    assert!(wati.sign_in("wati@example.com", PASSWORD).await.body["token"].is_string());
    let logged: Vec<(String, String, Option<String>)> =
        sqlx::query_as("select kind, user_id, operation from security_event order by id")
            .fetch_all(&harness.app.pool)
            .await
            .expect("the log");
    let line = |kind: &str, user: &UserId, operation: Option<&str>| {
        (
            kind.to_owned(),
            user.0.clone(),
            operation.map(str::to_owned),
        )
    };
    assert_eq!(
        logged,
        [
            line("sign_in", &lost, None),
            line("app_secret_shown", &lost, None),
            line("two_factor_on", &lost, None),
            line("backup_codes_made", &lost, None),
            line("sign_in", &admin, None),
            line("operation", &admin, Some("resetTwoFactor")),
            line("operation", &admin, Some("resetTwoFactor")),
            line("operation", &admin, Some("resetTwoFactor")),
            line("sign_in", &lost, None),
        ]
    );
}

#[tokio::test]
async fn a_new_secret_of_sign_in_locks_nobody_out() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    let new = "another secret of sign-in, as long as the first";
    let rotating = Keys::new([new.as_bytes(), SECRET.as_bytes()]);
    let only_new = Keys::new([new.as_bytes()]);
    let rotate = async |keys: &Keys| two_factor::rotate(&harness.app, keys).await.expect("read");
    let sealed = async |keys: &Keys| {
        let sealed = two_factor::sealed(&harness.app, keys).await.expect("read");
        (sealed.unreadable, sealed.old)
    };
    assert_eq!(sealed(&only_new).await, (1, 0));
    assert_eq!(sealed(&rotating).await, (0, 1), "the old one must stay");
    assert_eq!(
        rotate(&only_new).await,
        Rotated {
            renewed: 0,
            unreadable: 1
        }
    );
    assert_eq!(
        rotate(&rotating).await,
        Rotated {
            renewed: 1,
            unreadable: 0
        }
    );
    assert_eq!(
        rotate(&rotating).await,
        Rotated {
            renewed: 0,
            unreadable: 0
        }
    );
    assert_eq!(
        rotate(&only_new).await,
        Rotated {
            renewed: 0,
            unreadable: 0
        }
    );
    assert_eq!(sealed(&only_new).await, (0, 0), "the old one can go");
    let auth = Auth::new(
        SecretString::from(new),
        "http://api.test:3001",
        &[PAGE.to_owned()],
        true,
        false,
    );
    let http = TestClient::new(api::app(harness.app.clone(), auth, webhook_secrets()).boxed());
    owner.http = &http;
    owner.cookies.clear();
    owner.sign_in(ADMIN, PASSWORD).await;
    let code = owner.next_code();
    assert_eq!(owner.verify(&code, false).await.status, 200);
}
