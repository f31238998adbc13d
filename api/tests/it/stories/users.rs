//! Users, as an admin sees to them.

use super::story::{Story, text};
use poem::http::Method;
use serde_json::json;

#[tokio::test]
async fn an_admin_makes_a_user_disables_them_and_the_last_admin_stays_one() {
    let story = Story::begin().await;
    let new = json!({ "name": "Sari", "email": "Sari@Example.com", "password": "rahasia-sekali", "phone": "081288880001" });
    let (status, sari) = story
        .send_as("admin", Method::POST, "/api/users", &new)
        .await;
    assert_eq!(
        (status, &sari["email"], &sari["role"]),
        (200, &json!("sari@example.com"), &json!("sales"))
    );
    assert_eq!(
        story
            .send_as("admin", Method::POST, "/api/users", &new)
            .await
            .0,
        409
    );
    for (field, value) in [
        ("email", "not-an-email"),
        ("password", "short"),
        ("name", " "),
    ] {
        let mut wrong = new.clone();
        wrong["email"] = json!("another@example.com");
        wrong[field] = json!(value);
        let (status, problem) = story
            .send_as("admin", Method::POST, "/api/users", &wrong)
            .await;
        assert_eq!(status, 422, "{problem}");
        assert!(
            problem.to_string().contains(field) && !problem.to_string().contains(value.trim())
                || value == " ",
            "{problem}"
        );
    }
    let sign_in = json!({ "email": "sari@example.com", "password": "rahasia-sekali" });
    assert_eq!(
        story.try_post("/api/auth/sign-in/email", &sign_in).await.0,
        200
    );
    let path = format!("/api/users/{}", text(&sari["id"]));
    let (_, disabled) = story
        .send_as("admin", Method::PATCH, &path, &json!({ "disabled": true }))
        .await;
    assert_eq!(
        (disabled["disabledAt"].is_string(), &disabled["sessions"]),
        (true, &json!(0))
    );
    let (status, refused) = story.try_post("/api/auth/sign-in/email", &sign_in).await;
    assert_eq!((status, &refused["code"]), (403, &json!("BANNED_USER")));
    story
        .send_as("admin", Method::PATCH, &path, &json!({ "disabled": false }))
        .await;
    let reset = json!({ "password": "yang-baru-sekali" });
    assert_eq!(
        story
            .send_as("admin", Method::PUT, &format!("{path}/password"), &reset)
            .await
            .0,
        200
    );
    assert_eq!(
        story.try_post("/api/auth/sign-in/email", &sign_in).await.0,
        401
    );

    for change in [json!({ "role": "sales" }), json!({ "disabled": true })] {
        let (status, problem) = story
            .send_as("admin", Method::PATCH, "/api/users/admin", &change)
            .await;
        assert_eq!((status, &problem["code"]), (409, &json!("last_admin")));
    }
    // An agent who is disabled is offered no more leads.
    story
        .send_as(
            "admin",
            Method::PATCH,
            "/api/users/sales-a",
            &json!({ "disabled": true }),
        )
        .await;
    story.client("081234001234").says("Halo").await;
    story.client("081234001234").is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

/// A trainee tried the advertisement before the office added them: their number is a client's.
#[tokio::test]
async fn a_client_is_not_made_an_agent_by_mistake() {
    let story = Story::begin().await;
    story.client("081288880002").says("Halo").await;
    let leads = story.get_as("admin", "/api/leads").await;
    let lead = text(&leads["items"][0]["id"]);
    let new = json!({ "name": "Tono", "email": "tono@example.com", "password": "rahasia-sekali", "phone": "+62 812-8888-0002" });
    let address = json!({ "phone": "081288880002" });
    for (method, path, body) in [
        (Method::POST, "/api/users", &new),
        (Method::PUT, "/api/sales/sales-f/address", &address),
    ] {
        let (status, problem) = story.send_as("admin", method, path, body).await;
        assert_eq!(
            (status, &problem["code"]),
            (409, &json!("number_of_a_lead")),
            "{problem}"
        );
        assert!(text(&problem["detail"]).contains(&lead), "{problem}");
    }
    // The client is heard still.
    story.agent("A").is_offered_the_lead();

    let stop = format!("/api/leads/{lead}/stop");
    let test = json!({ "mark": "test" });
    story.send_as("admin", Method::POST, &stop, &test).await;
    let (status, made) = story
        .send_as("admin", Method::POST, "/api/users", &new)
        .await;
    assert_eq!((status, &made["name"]), (200, &json!("Tono")), "{made}");
    // What they write now is an agent's word.
    story.client("081288880002").says("Halo lagi").await;
    let cycles = story.journey(&lead).await["cycles"].clone();
    assert_eq!(cycles.as_array().map(Vec::len), Some(1), "{cycles}");
    story.client("081288880002").is_asked_to_wait();
    story.agent("A").is_told("dihentikan");
    story.nobody_else_was_messaged().await;
}
