//! Whether the processes are well.

use super::Server;
use api::feed::Feed;
use api::intake::Intake;
use poem::EndpointExt;
use poem::test::TestClient;
use serde_json::json;
use shared::testing::TestDatabase;

#[tokio::test]
async fn a_migrated_database_without_a_worker_is_ready_and_says_so() {
    let server = Server::open().await;
    let (status, _, ready) = server.get("/health/ready").await;
    assert_eq!(status, 200);
    let expected =
        json!({ "database": true, "migrated": true, "worker": false, "workersAlive": 0 });
    assert_eq!(ready, expected);
    let (status, _, live) = server.get("/health/live").await;
    assert_eq!((status, live), (200, json!({ "status": "live" })));
}

#[tokio::test]
async fn a_database_that_is_not_migrated_is_not_ready_and_takes_nothing() {
    let mut server = Server::open().await;
    let empty = TestDatabase::empty().await;
    let mut app = server.harness.app.clone();
    app.pool = empty.pool(2);
    server.http = poem::test::TestClient::new(poem::EndpointExt::boxed(api::app(
        app,
        super::auth(),
        crate::http::webhook_secrets(),
    )));
    let (status, _, ready) = server.get("/health/ready").await;
    assert_eq!((status, &ready["migrated"]), (503, &json!(false)));
    let body = json!({ "clientWa": "081234001234", "body": "Halo" }).to_string();
    let path = "/webhooks/whatsapp/dummy/client-message";
    let (status, _, problem) = server.post(path, "application/json", &body).await;
    assert_eq!((status, problem.get("detail")), (503, None));
}

#[tokio::test]
async fn an_api_whose_desk_is_too_busy_still_takes_clients_and_is_ready() {
    let mut server = Server::open().await;
    let (app, database) = (&server.harness.app, &server.harness.database);
    let mut desk = app.clone();
    desk.pool = database.pool(1);
    let intake = Intake(app.clone());
    let feed = Feed::new(desk.clone());
    let secrets = crate::http::webhook_secrets();
    let served = api::app_with(desk.clone(), intake, super::auth(), secrets, feed);
    server.http = TestClient::new(served.boxed());
    let reports = desk.pool.acquire().await.expect("the desk's connection");
    let (status, _, _) = server.get("/health/ready").await;
    assert_eq!(status, 200);
    let body = json!({ "clientWa": "081234001234", "body": "Halo" }).to_string();
    let path = "/webhooks/whatsapp/dummy/client-message";
    let (status, _, taken) = server.post(path, "application/json", &body).await;
    assert_eq!(status, 200, "{taken}");
    drop(reports);
}
