//! The live feed: two apis over one database, their readers on real connections.

mod reader;

use crate::http::{auth, cookie_of, webhook_secrets};
use crate::processes::company::http_client;
use api::feed::Told;
use futures::StreamExt;
use futures::stream::BoxStream;
use reader::{Reader, ask, lead_of, touch};
use serde_json::json;
use shared::App;
use shared::testing::{Harness, TestDatabase};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::timeout;

/// Longer than any step of these tests takes.
const LONG: Duration = Duration::from_secs(20);

/// An api of its own on this database, and where it is served.
async fn serve(app: &App) -> String {
    crate::local::serve(|_| api::app(app.clone(), auth(), webhook_secrets())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_through_one_api_is_told_by_the_other_to_whom_it_concerns_and_to_nobody_else() {
    let harness = Harness::new().await;
    let app = &harness.app;
    let (one, two) = (serve(app).await, serve(app).await);
    let lead = lead_of(app, Some("sales-a")).await;
    let mut admin = Reader::open(app, &two, "admin", None).await;
    let mut owner = Reader::open(app, &two, "sales-a", None).await;
    let mut other = Reader::open(app, &two, "sales-b", None).await;
    let cookie = cookie_of(app, &auth(), "sales-a").await;
    let answer = http_client()
        .patch(format!("{one}/api/leads/{lead}/progress"))
        .header("cookie", cookie)
        .header("origin", "http://localhost:5173")
        .json(&json!({ "progress": "contacted" }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    for reader in [&mut admin, &mut owner] {
        let told = reader.until_lead(&lead).await;
        let event = told.last().expect("an event");
        assert_eq!(
            event["lead"],
            json!({ "status": "claimed", "progress": "contacted", "ownerId": "sales-a" })
        );
        assert!(
            !event.to_string().contains("Budi") && !event.to_string().contains("+62812"),
            "{event}"
        );
    }
    // It is assigned to another agent: the former owner reads only that it is not theirs any more.
    sqlx::query("update lead set owner_sales_id = 'sales-c' where id = $1::uuid")
        .bind(&lead)
        .execute(&app.pool)
        .await
        .expect("a change");
    let told = owner.until_lead(&lead).await;
    let event = told.last().expect("an event");
    assert!(
        event.get("lead").is_none() && !event.to_string().contains("sales-c"),
        "{event}"
    );
    // The other agent reads of their own lead, and of nothing before it.
    let own = lead_of(app, Some("sales-b")).await;
    assert_eq!(other.until_lead(&own).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_messages_visits_and_the_provider_are_told_of() {
    let harness = Harness::new().await;
    let app = &harness.app;
    let url = serve(app).await;
    let mut admin = Reader::open(app, &url, "admin", None).await;
    let mut agent = Reader::open(app, &url, "sales-a", None).await;
    let mut other = Reader::open(app, &url, "sales-c", None).await;
    let ad = shared::testing::ad("m-1", "081234001234");
    shared::distribution::take_ad(app, &ad)
        .await
        .expect("taken");
    worker::drain::drain(app).await.expect("jobs run");
    let word = shared::testing::ok_of("A");
    shared::distribution::receive_and_handle(app, &word)
        .await
        .expect("heard");
    worker::drain::drain(app).await.expect("jobs run");
    sqlx::query("insert into appointment (id, lead_id, sales_id, starts_at, ends_at, created_at, updated_at)
                 select gen_random_uuid(), id, 'sales-a', now() + interval '1 day', now() + interval '25 hours', now(), now() from lead")
        .execute(&app.pool)
        .await
        .expect("a visit");
    sqlx::query("insert into distribution_event (at, kind, cause, worker, detail) values (now(), 'frozen', 'provider', 'test', '{\"provider\": \"dummy\"}')")
        .execute(&app.pool)
        .await
        .expect("a freeze");
    let mut kinds = BTreeSet::new();
    while kinds.len() < 5 {
        let event = admin.next().await.expect("an event");
        kinds.insert(event["kind"].as_str().expect("a kind").to_owned());
    }
    assert_eq!(
        kinds,
        ["appointment", "attempt", "lead", "message", "provider"]
            .map(str::to_owned)
            .into()
    );
    // The agent reads of the offer that was theirs.
    loop {
        let event = agent.next().await.expect("an event");
        if event["kind"] == "attempt" {
            assert_eq!(event["attempt"]["salesId"], "sales-a");
            break;
        }
    }
    // Other readers get only the provider's state.
    assert_eq!(other.next().await.expect("an event")["kind"], "provider");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_code_of_the_linked_device_is_told_and_a_heartbeat_is_not() {
    let harness = Harness::new().await;
    let app = &harness.app;
    let url = serve(app).await;
    let mut admin = Reader::open(app, &url, "admin", None).await;
    let lead = lead_of(app, Some("sales-a")).await;
    admin.until_lead(&lead).await;
    for change in [
        "update linked_device set seen_at = now(), last_received_at = now()",
        "update linked_device set state = 'scan_qr', qr = 'code', qr_expires_at = now()",
    ] {
        sqlx::query(change).execute(&app.pool).await.expect(change);
    }
    let touched = lead_of(app, Some("sales-a")).await;
    let told = admin.until_lead(&touched).await;
    let kinds: Vec<&str> = told
        .iter()
        .filter_map(|event| event["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["provider", "lead"], "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_drops_again_and_again_misses_nothing_and_hears_nothing_twice() {
    let harness = Harness::new().await;
    let app = harness.app.clone();
    let url = serve(&app).await;
    let mut reader = Reader::open(&app, &url, "admin", None).await;
    let writing = tokio::spawn({
        let app = app.clone();
        async move {
            let mut written = Vec::new();
            for _ in 0..300 {
                written.push(lead_of(&app, Some("sales-a")).await);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            written
        }
    });
    let mut told = Vec::new();
    while told.len() < 300 {
        match reader.next().await {
            Some(event) if event["kind"] == "lead" => {
                told.push(event["leadId"].as_str().expect("a lead").to_owned());
            }
            Some(event) => panic!("{event}"),
            None => {}
        }
        if told.len() % 23 == 0 {
            let last = reader.last.clone();
            drop(reader);
            reader = Reader::open(&app, &url, "admin", last.as_deref()).await;
        }
    }
    assert_eq!(told, writing.await.expect("written"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_began_first_and_ends_last_is_not_passed_over() {
    let harness = Harness::new().await;
    let app = &harness.app;
    let url = serve(app).await;
    let (slow, quick) = (lead_of(app, None).await, lead_of(app, None).await);
    let mut reader = Reader::open(app, &url, "admin", None).await;
    let mut transaction = app.begin().await.expect("a transaction");
    sqlx::query("update lead set progress = 'contacted' where id = $1::uuid")
        .bind(&slow)
        .execute(&mut *transaction)
        .await
        .expect("a change");
    touch(app, &quick, "contacted").await;
    // Several looks go by while the first is still to end.
    tokio::time::sleep(Duration::from_millis(200)).await;
    transaction.commit().await.expect("it ends");
    let mut told = BTreeSet::new();
    while told.len() < 2 {
        let event = reader.next().await.expect("an event");
        told.insert(event["leadId"].as_str().expect("a lead").to_owned());
    }
    assert_eq!(told, [slow, quick].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_does_not_read_is_let_go_and_continues_where_they_were() {
    let harness = Harness::new().await;
    let app = &harness.app;
    let feed = api::feed::Feed::new(app.clone());
    let users = shared::auth::accounts(app).await.expect("users");
    let admin = users
        .into_iter()
        .find(|account| account.user.id.0 == "admin")
        .expect("an admin")
        .user;
    sqlx::query(
        "insert into session (id, token, user_id, expires_at) values ('reader', 'reader', 'admin', '2030-01-01')",
    )
    .execute(&app.pool)
    .await
    .expect("a session");
    let admin = api::auth::Viewer {
        user: admin,
        session_id: "reader".to_owned(),
        confirmed_until: None,
    };
    let mut sleepy = feed
        .read(admin.clone(), None)
        .await
        .expect("a feed")
        .expect("room");
    let lead = lead_of(app, None).await;
    for n in 0..1600 {
        touch(app, &lead, ["contacted", "visit"][n % 2]).await;
    }
    // Nothing was read while all was written. The buffered events are read now, and then the feed ends.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut told = Vec::new();
    while let Some(event) = next(&mut sleepy).await {
        if let Told::Changed(change) = event {
            told.push(change.cursor);
        }
    }
    assert!(
        (1000..1600).contains(&told.len()),
        "{} were buffered",
        told.len()
    );
    let last = told.last().copied();
    let mut again = feed.read(admin, last).await.expect("a feed").expect("room");
    while told.len() < 1601 {
        match next(&mut again).await.expect("the feed goes on") {
            Told::Changed(change) => told.push(change.cursor),
            Told::Hello(_) => {}
            Told::Reset(_) => panic!("it was at hand"),
        }
    }
    assert!(
        told.is_sorted_by(|one, other| one < other),
        "in order, each once"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_ends_soon_after_its_reader_is_disabled_signs_out_or_has_another_role() {
    let harness = Harness::new().await;
    let app = &harness.app;
    let url = serve(app).await;
    let mut readers = Vec::new();
    for user in ["sales-a", "sales-b", "admin", "sales-c"] {
        readers.push(Reader::open(app, &url, user, None).await);
    }
    for change in [
        r#"update "user" set disabled_at = now() where id = 'sales-a'"#,
        "delete from session where user_id = 'sales-b'",
        r#"update "user" set role = 'sales' where id = 'admin'"#,
    ] {
        sqlx::query(change)
            .execute(&app.pool)
            .await
            .expect("a change");
    }
    let stays = readers.pop();
    for mut reader in readers {
        assert_eq!(reader.next().await, None, "the feed ends");
    }
    let lead = lead_of(app, Some("sales-c")).await;
    touch(app, &lead, "contacted").await;
    stays.expect("a reader").until_lead(&lead).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_transaction_of_another_database_does_not_hold_the_feed_back() {
    let harness = Harness::new().await;
    let app = &harness.app;
    let url = serve(app).await;
    let lead = lead_of(app, None).await;
    let other = TestDatabase::empty().await;
    let elsewhere = other.pool(1);
    let mut long = shared::db::begin(&elsewhere).await.expect("a transaction");
    sqlx::query("select pg_current_xact_id()")
        .execute(&mut *long)
        .await
        .expect("it has a number");
    let mut reader = Reader::open(app, &url, "admin", None).await;
    touch(app, &lead, "contacted").await;
    reader.until_lead(&lead).await;
    let figures = crate::http::metrics_of(app).await;
    assert!(
        figures.contains("property_lounge_feed_lag_seconds 0"),
        "{figures}"
    );
    long.rollback().await.expect("it ends");
}

async fn next(feed: &mut BoxStream<'static, Told>) -> Option<Told> {
    timeout(LONG, feed.next()).await.expect("in time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_at_hand_any_more_is_said_and_a_user_has_no_more_than_twenty() {
    let harness = Harness::new().await;
    let app = &harness.app;
    let url = serve(app).await;
    lead_of(app, None).await;
    let mut reader = Reader::open(app, &url, "admin", None).await;
    let place = lead_of(app, None).await;
    reader.until_lead(&place).await;
    let last = reader.last.clone();
    sqlx::query("delete from live_change")
        .execute(&app.pool)
        .await
        .expect("an hour goes by");
    let after = lead_of(app, None).await;
    reader.until_lead(&after).await;
    let mut late = Reader::open(app, &url, "admin", last.as_deref()).await;
    assert_eq!(late.next().await.expect("an event")["kind"], "reset");
    let mut many = Vec::new();
    for _ in 0..18 {
        many.push(Reader::open(app, &url, "admin", None).await);
    }
    let refused = ask(app, &url, "admin", None).await;
    assert_eq!(refused.status().as_u16(), 429);
    drop(many);
    // Their places are free again once the connections are seen to have ended.
    let deadline = tokio::time::Instant::now() + LONG;
    loop {
        lead_of(app, None).await;
        if ask(app, &url, "admin", None).await.status().as_u16() == 200 {
            break;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "the places stay taken"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        Reader::open(app, &url, "sales-a", None)
            .await
            .response
            .status()
            .as_u16(),
        200
    );
}
