//! Whether the processes are well.

use super::Door;
use serde_json::json;
use shared::testing::TestDatabase;

#[tokio::test]
async fn a_migrated_database_without_a_worker_is_ready_and_says_so() {
    let door = Door::open().await;
    let (status, _, ready) = door.get("/health/ready").await;
    assert_eq!(status, 200);
    let expected =
        json!({ "database": true, "migrated": true, "worker": false, "workersAlive": 0 });
    assert_eq!(ready, expected);
    let (status, _, live) = door.get("/health/live").await;
    assert_eq!((status, live), (200, json!({ "status": "live" })));
}

#[tokio::test]
async fn a_database_that_is_not_migrated_is_not_ready_and_takes_nothing() {
    let mut door = Door::open().await;
    let empty = TestDatabase::empty().await;
    let mut app = door.harness.app.clone();
    app.pool = empty.pool(2);
    door.http = poem::test::TestClient::new(poem::EndpointExt::boxed(api::app(
        app,
        super::auth(),
        crate::http::door(),
    )));
    let (status, _, ready) = door.get("/health/ready").await;
    assert_eq!((status, &ready["migrated"]), (503, &json!(false)));
    let body = json!({ "clientWa": "081234001234", "body": "Halo" }).to_string();
    let path = "/webhooks/whatsapp/dummy/client-message";
    let (status, _, problem) = door.post(path, "application/json", &body).await;
    assert_eq!((status, problem.get("detail")), (503, None));
}
