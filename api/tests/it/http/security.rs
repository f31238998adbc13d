//! The security log: who signed in or failed to, who changed what, who read or exported clients.

use super::{Server, auth, cookie_of};
use poem::http::Method;
use serde_json::{Value, json};
use shared::testing::until_somebody_waits;

const ORIGIN: &str = "http://localhost:5173";

impl Server {
    async fn signs_in(&self, email: &str, password: &str) -> u16 {
        let body = json!({ "email": email, "password": password });
        let request = self.http.post("/api/auth/sign-in/email");
        let request = request.header("origin", ORIGIN).body_json(&body);
        request.send().await.0.status().as_u16()
    }

    pub(super) async fn as_user(
        &self,
        user: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let cookie = cookie_of(&self.harness.app, &auth(), user).await;
        let request = self.http.request(method, path).header("cookie", cookie);
        let request = request.header("origin", ORIGIN).body_json(body);
        let (status, _, answer) = super::answer(request.send().await).await;
        (status, answer)
    }

    /// The log, oldest first: kind, user, operation, path and status of each line.
    pub(super) async fn log(&self) -> Vec<String> {
        let (status, log) = self
            .as_user(
                "admin",
                Method::GET,
                "/api/security/events?limit=200",
                &json!({}),
            )
            .await;
        assert_eq!(status, 200, "{log}");
        let text = |line: &Value, field: &str| {
            let value = &line[field];
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        let lines = log.as_array().expect("a list").iter().rev();
        let fields = ["kind", "userId", "operation", "path", "status"];
        lines
            .map(|line| fields.map(|field| text(line, field)).join(" "))
            .collect()
    }
}

#[tokio::test]
async fn the_log_says_who_signed_in_changed_exported_and_read_and_names_no_client() {
    let server = Server::open().await;
    let pool = &server.harness.app.pool;
    sqlx::query("insert into lead (id, name, phone, status, created_at, updated_at) values ('01890000-0000-7000-8000-00000000000a', 'Slamet', '+6281234001234', 'hangus', now(), now())")
        .execute(pool)
        .await
        .expect_err("a hangus lead has no action");
    sqlx::query("insert into lead (id, name, phone, status, progress, created_at, updated_at) values ('01890000-0000-7000-8000-00000000000a', 'Slamet', '+6281234001234', 'hangus', 'no-action', now(), now())")
        .execute(pool)
        .await
        .expect("a lead");
    let user = json!({ "name": "Rina", "email": "rina@example.com", "password": "angin timur dari selat" });
    let (status, rina) = server
        .as_user("admin", Method::POST, "/api/users", &user)
        .await;
    assert_eq!(status, 200, "{rina}");
    let id = rina["id"].as_str().expect("an id").to_owned();
    assert_eq!(server.signs_in("rina@example.com", "salah").await, 401);
    assert_eq!(
        server
            .signs_in("kata sandi saya@example.com", "salah")
            .await,
        400
    );
    assert_eq!(server.signs_in("nobody@example.com", "salah").await, 401);
    assert_eq!(
        server
            .signs_in("rina@example.com", "angin timur dari selat")
            .await,
        200
    );
    let promoted = json!({ "role": "operator" });
    let path = format!("/api/users/{id}");
    server
        .as_user("admin", Method::PATCH, &path, &promoted)
        .await;
    let block = json!({ "phone": "081299990000", "reason": "iklan" });
    server
        .as_user("admin", Method::POST, "/api/contacts/blocked", &block)
        .await;
    server
        .as_user(
            "admin",
            Method::DELETE,
            "/api/contacts/blocked/081299990000",
            &json!({}),
        )
        .await;
    server
        .as_user(
            "admin",
            Method::GET,
            "/api/leads/01890000-0000-7000-8000-00000000000a",
            &json!({}),
        )
        .await;
    server
        .as_user("admin", Method::GET, "/api/leads", &json!({}))
        .await;
    server
        .as_user("sales-a", Method::GET, "/api/leads/export", &json!({}))
        .await;
    server
        .as_user("sales-a", Method::GET, "/api/leads", &json!({}))
        .await;
    // Nobody is let in: there is no operation to write down.
    let (status, _) = server
        .as_user("sales-a", Method::POST, "/api/users", &user)
        .await;
    assert_eq!(status, 403);

    let log = server.log().await;
    assert_eq!(
        log,
        [
            "operation admin createUser /api/users 200".to_owned(),
            format!("sign_in_failed {id} null null null"),
            "sign_in_failed null null null null".to_owned(),
            format!("sign_in {id} null null null"),
            format!("operation admin updateUser /api/users/{id} 200"),
            "operation admin blockContact /api/contacts/blocked 200".to_owned(),
            "operation admin unblockContact /api/contacts/blocked/… 200".to_owned(),
            "operation admin leadDetail /api/leads/01890000-0000-7000-8000-00000000000a 200"
                .to_owned(),
            "operation sales-a exportLeads /api/leads/export 200".to_owned(),
        ],
        "{log:#?}"
    );
    let words = "select count(*) from security_event e where e::text ~ 'rina@|nobody@|Slamet|8129999|angin'";
    let named: i64 = sqlx::query_scalar(words)
        .fetch_one(pool)
        .await
        .expect("a count");
    assert_eq!(
        named, 0,
        "the log names no email, no client and no password"
    );
}

#[tokio::test]
async fn the_log_says_whose_sessions_ended_and_keeps_nobody_signed_in_if_it_fails() {
    let server = Server::open().await;
    let ends = async || {
        let (nothing, other) = (json!({}), json!({ "token": "of nobody" }));
        for (path, body) in [
            ("/api/auth/revoke-other-sessions", &nothing),
            ("/api/auth/revoke-session", &other),
            ("/api/auth/sign-out", &nothing),
        ] {
            let (status, answer) = server.as_user("sales-b", Method::POST, path, body).await;
            assert_eq!(status, 200, "{path}: {answer}");
        }
    };
    ends().await;
    let log = server.log().await;
    let ended = "sessions_ended sales-b null null null";
    assert_eq!(log, [ended, ended, "sign_out sales-b null null null"]);
    let pool = &server.harness.app.pool;
    sqlx::query("alter table security_event rename to moved")
        .execute(pool)
        .await
        .expect("away");
    ends().await;
    let left = "select count(*) from session where user_id = 'sales-b'";
    let left: i64 = sqlx::query_scalar(left)
        .fetch_one(pool)
        .await
        .expect("a count");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_answered() {
    let server = Server::open().await;
    sqlx::query("alter table security_event rename to moved")
        .execute(&server.harness.app.pool)
        .await
        .expect("away");
    let (status, answer) = server
        .as_user("sales-a", Method::GET, "/api/leads/export", &json!({}))
        .await;
    assert_eq!(status, 503, "{answer}");
    let person = json!({ "phone": "081234001234" });
    let (status, answer) = server
        .as_user("admin", Method::POST, "/api/privacy/export", &person)
        .await;
    assert_eq!((status, &answer["data"]), (503, &Value::Null), "{answer}");
    assert_eq!(
        server
            .signs_in("sales-a@property-lounge.test", "salah")
            .await,
        500,
        "a sign-in is not answered, either"
    );
    let (status, _) = server
        .as_user("sales-a", Method::GET, "/api/leads", &json!({}))
        .await;
    assert_eq!(status, 200, "an agent's list needs no line");
}

#[tokio::test]
async fn what_a_stolen_session_must_not_do_needs_the_password_again() {
    let server = Server::open().await;
    let user = json!({ "name": "Rina", "email": "rina@example.com", "password": "angin timur dari selat", "role": "admin" });
    let (status, rina) = server
        .as_user("admin", Method::POST, "/api/users", &user)
        .await;
    assert_eq!(status, 200, "{rina}");
    let id = rina["id"].as_str().expect("an id").to_owned();
    assert_eq!(
        server
            .signs_in("rina@example.com", "angin timur dari selat")
            .await,
        200
    );
    let fresh = "select bool_and(confirmed_at = created_at) from session where user_id = $1";
    let fresh: Option<bool> = sqlx::query_scalar(fresh)
        .bind(&id)
        .fetch_one(&server.harness.app.pool)
        .await
        .expect("a session");
    assert_eq!(fresh, Some(true), "a sign-in counts");

    // Another session, whose password was given sixteen minutes ago.
    cookie_of(&server.harness.app, &auth(), &id).await;
    let long_ago = server.harness.now() - chrono::TimeDelta::minutes(16);
    sqlx::query("update session set confirmed_at = $2 where user_id = $1")
        .bind(&id)
        .bind(long_ago)
        .execute(&server.harness.app.pool)
        .await
        .expect("long ago");
    let person = json!({ "phone": "081234001234" });
    let erased = json!({ "phone": "081234001234", "reason": "diminta" });
    for (method, path, body) in [
        (Method::GET, "/api/leads/export".to_owned(), json!({})),
        (Method::GET, "/api/leads/export.xlsx".to_owned(), json!({})),
        (
            Method::POST,
            "/api/privacy/export".to_owned(),
            person.clone(),
        ),
        (Method::POST, "/api/privacy/page".to_owned(), person),
        (Method::POST, "/api/privacy/erase".to_owned(), erased),
        (Method::POST, "/api/users".to_owned(), user.clone()),
        (
            Method::PATCH,
            "/api/users/sales-a".to_owned(),
            json!({ "role": "admin" }),
        ),
        (
            Method::PUT,
            "/api/users/sales-a/password".to_owned(),
            json!({ "password": "angin barat dari utara" }),
        ),
        (
            Method::PUT,
            "/api/sales/sales-a/address".to_owned(),
            json!({ "phone": "+6281299990009" }),
        ),
        (
            Method::POST,
            "/api/whatsapp-admin/reset".to_owned(),
            json!({}),
        ),
    ] {
        let (status, answer) = server.as_user(&id, method, &path, &body).await;
        assert_eq!(
            (status, &answer["code"]),
            (403, &json!("confirm_password")),
            "{path}: {answer}"
        );
    }
    // Everything else goes on.
    let (status, _) = server
        .as_user(&id, Method::GET, "/api/leads", &json!({}))
        .await;
    assert_eq!(status, 200);
    let confirm = "/api/session/confirm";
    let (_, read) = server.as_user(&id, Method::GET, confirm, &json!({})).await;
    assert_eq!(read, json!({}));
    let wrong = json!({ "password": "salah" });
    let (status, answer) = server.as_user(&id, Method::POST, confirm, &wrong).await;
    assert_eq!(
        (status, &answer["errors"][0]["field"]),
        (422, &json!("password")),
        "{answer}"
    );
    let right = json!({ "password": "angin timur dari selat" });
    let (status, answer) = server.as_user(&id, Method::POST, confirm, &right).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["confirmedUntil"].is_string(), "{answer}");
    let (status, _) = server
        .as_user(&id, Method::GET, "/api/leads/export", &json!({}))
        .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_change_has_its_line_before_it_is_made() {
    let server = Server::open().await;
    let pool = &server.harness.app.pool;
    let mut held = server.harness.app.begin().await.expect("a transaction");
    sqlx::query("lock table contact_block in access exclusive mode")
        .execute(&mut *held)
        .await
        .expect("held");
    let block = json!({ "phone": "081299990000", "reason": "iklan" });
    let mut changes =
        Box::pin(server.as_user("admin", Method::POST, "/api/contacts/blocked", &block));
    tokio::select! {
        answered = &mut changes => panic!("{answered:?}"),
        () = until_somebody_waits(pool) => {}
    }
    let begun = "operation admin null /api/contacts/blocked null";
    assert_eq!(server.log().await, [begun], "nothing is changed yet");
    held.rollback().await.expect("let go");
    assert_eq!(changes.await.0, 200);
    let answered = "operation admin blockContact /api/contacts/blocked 200";
    assert_eq!(server.log().await, [answered]);
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_changed() {
    let server = Server::open().await;
    let pool = &server.harness.app.pool;
    let away = "alter table security_event rename to moved";
    sqlx::query(away).execute(pool).await.expect("away");
    let block = json!({ "phone": "081299990000", "reason": "iklan" });
    let (status, answer) = server
        .as_user("admin", Method::POST, "/api/contacts/blocked", &block)
        .await;
    assert_eq!(status, 503, "{answer}");
    let blocks = "select count(*) from contact_block";
    let blocks: i64 = sqlx::query_scalar(blocks)
        .fetch_one(pool)
        .await
        .expect("a count");
    assert_eq!(blocks, 0);
}
