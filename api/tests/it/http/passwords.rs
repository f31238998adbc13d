//! Passwords of users whose role changes, and tries of a password in a session.

use super::Server;
use poem::http::Method;
use serde_json::{Value, json};

impl Server {
    async fn adds(&self, name: &str, password: &str) -> String {
        let email = format!("{name}@example.com");
        let user = json!({ "name": name, "email": email, "password": password });
        let (status, added) = self
            .as_user("admin", Method::POST, "/api/users", &user)
            .await;
        assert_eq!(status, 200, "{added}");
        added["id"].as_str().expect("an id").to_owned()
    }

    async fn becomes(&self, user: &str, role: &str) -> (u16, Value) {
        let path = format!("/api/users/{user}");
        let (status, answer) = self
            .as_user("admin", Method::PATCH, &path, &json!({ "role": role }))
            .await;
        (status, answer["code"].clone())
    }
}

#[tokio::test]
async fn an_agent_with_an_agents_password_becomes_no_admin_before_it_is_replaced() {
    let server = Server::open().await;
    let agent = server.adds("rina", "xq7-Lk2p").await;
    for role in ["admin", "operator"] {
        let refused = server.becomes(&agent, role).await;
        assert_eq!(refused, (409, json!("weak_password")), "{role}");
    }
    let path = format!("/api/users/{agent}/password");
    let strong = json!({ "password": "angin timur dari selat" });
    let (status, answer) = server.as_user("admin", Method::PUT, &path, &strong).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(server.becomes(&agent, "operator").await.0, 200);
    assert_eq!(server.becomes(&agent, "admin").await.0, 200);
    // As an agent again they can have a shorter one, and the way back is closed.
    assert_eq!(server.becomes(&agent, "sales").await.0, 200);
    let weak = json!({ "password": "xq7-Lk2p" });
    let (status, answer) = server.as_user("admin", Method::PUT, &path, &weak).await;
    assert_eq!(status, 200, "{answer}");
    let refused = server.becomes(&agent, "admin").await;
    assert_eq!(refused, (409, json!("weak_password")));
}

#[tokio::test]
async fn a_password_of_before_the_rule_is_not_known_to_be_strong() {
    let server = Server::open().await;
    let agent = server.adds("budi", "angin timur dari selat").await;
    sqlx::query("update account set fits_admins = default where user_id = $1")
        .bind(&agent)
        .execute(&server.harness.app.pool)
        .await
        .expect("as the previous version left it");
    let refused = server.becomes(&agent, "admin").await;
    assert_eq!(refused, (409, json!("weak_password")));
}

#[tokio::test]
async fn tries_of_the_password_in_an_agents_session_are_written_down() {
    let server = Server::open().await;
    let agent = server.adds("tari", "angin timur dari selat").await;
    let confirm = "/api/session/confirm";
    for (password, status) in [("salah", 422), ("angin timur dari selat", 200)] {
        let given = json!({ "password": password });
        let answer = server.as_user(&agent, Method::POST, confirm, &given).await;
        assert_eq!(answer.0, status, "{}", answer.1);
    }
    let log = server.log().await;
    let tries: Vec<&str> = log
        .iter()
        .filter_map(|line| line.split_once(" confirmPassword ").map(|(_, rest)| rest))
        .collect();
    assert_eq!(
        tries,
        ["/api/session/confirm 422", "/api/session/confirm 200"]
    );
}
