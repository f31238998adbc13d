//! Messages at the edges: received while a roll decides, older than their offer, unreadable.

use chrono::TimeDelta;
use shared::App;
use shared::distribution::{self, Cause, Checked, InboundMessage, Outcome};
use shared::id::{AttemptId, LeadId};
use shared::testing::{Harness, ad, agent_phone, ok_of, until_somebody_waits};
use shared::whatsapp::Correction;
use sqlx::postgres::PgPoolOptions;
use std::time::Duration;

async fn offered(harness: &Harness) -> (LeadId, AttemptId) {
    let ad = ad("meta-001", "081234001234");
    let report = distribution::take_ad(&harness.app, &ad)
        .await
        .expect("taken");
    (
        report.lead.expect("a lead"),
        report.attempt.expect("an offer"),
    )
}

async fn status(harness: &Harness, lead: LeadId) -> String {
    sqlx::query_scalar("select status from lead where id = $1")
        .bind(lead.0)
        .fetch_one(&harness.app.pool)
        .await
        .expect("the lead")
}

/// The receipt of an OK has read the clock before the deadline and has not committed when the deadline job runs:
/// the roll waits for it, and the OK is handled first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_is_being_written_down_is_waited_for_by_the_roll() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let app = &harness.app;
    let (lead, attempt) = offered(&harness).await;
    let received_at = harness.now() + TimeDelta::seconds(299);

    let mut receipt = app.begin().await.expect("a transaction");
    sqlx::query("select pg_advisory_xact_lock_shared($1, hashtext($2))")
        .bind(0x504C_7764_i32)
        .bind(agent_phone("A").as_str())
        .execute(&mut *receipt)
        .await
        .expect("announced");
    sqlx::query(
        "insert into inbound_event (id, sender, payload, received_at, acknowledged_at)
         values (gen_random_uuid(), $1, $2, $3, $3)",
    )
    .bind(agent_phone("A").as_str())
    .bind(serde_json::to_value(ok_of("A")).expect("JSON"))
    .bind(received_at)
    .execute(&mut *receipt)
    .await
    .expect("written down");

    app.clock.set(harness.now() + TimeDelta::seconds(301));
    let roll = tokio::spawn({
        let app = app.clone();
        async move { distribution::check_deadline(&app, attempt, Cause::Alarm).await }
    });
    until_somebody_waits(&app.pool).await;
    receipt.commit().await.expect("the receipt commits");
    let checked = roll.await.expect("no panic").expect("checked");
    assert!(matches!(checked, Checked::Over), "{checked:?}");
    assert_eq!(status(&harness, lead).await, "claimed");
}

#[tokio::test]
async fn the_receipt_of_a_message_does_not_wait_for_the_disk_and_the_next_commit_does() {
    let harness = Harness::new().await;
    let options = harness.app.pool.connect_options();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with((*options).clone())
        .await
        .expect("a connection");
    for statement in [
        "create table seen (setting text)",
        "create function see() returns trigger language plpgsql as
         $$ begin insert into seen values (current_setting('synchronous_commit')); return new; end $$",
        "create trigger see after insert on inbound_event execute function see()",
        "set synchronous_commit = remote_write",
    ] {
        sqlx::query(statement)
            .execute(&pool)
            .await
            .expect(statement);
    }
    let app = App {
        pool: pool.clone(),
        ..harness.app.clone()
    };
    distribution::receive(&app, &ok_of("A"))
        .await
        .expect("received");
    let settings: Vec<String> = sqlx::query_scalar(
        "select setting from seen union all select current_setting('synchronous_commit')",
    )
    .fetch_all(&pool)
    .await
    .expect("settings");
    assert_eq!(settings, ["off", "remote_write"]);
}

#[tokio::test]
async fn an_ok_from_before_an_offer_was_made_is_not_for_it() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let app = &harness.app;
    // Written without an open offer, and handled only after an offer was made.
    let early = distribution::receive(app, &ok_of("A"))
        .await
        .expect("received");
    app.clock.set(harness.now() + TimeDelta::seconds(2));
    let (lead, _) = offered(&harness).await;
    let report = distribution::handle(app, early).await.expect("heard");
    assert_eq!(report.outcome, Outcome::NothingOpen);
    assert_eq!(status(&harness, lead).await, "distributing");

    // Its own time has the same result, however late it arrives.
    let stale = InboundMessage {
        sent_at: Some(harness.now() - TimeDelta::seconds(30)),
        ..ok_of("A")
    };
    let report = distribution::receive_and_handle(app, &stale)
        .await
        .expect("heard");
    assert_eq!(report.outcome, Outcome::NothingOpen);

    // WhatsApp cuts times to whole seconds: half a second before the offer can be half a second after it.
    let cut = InboundMessage {
        sent_at: Some(harness.now() - TimeDelta::milliseconds(500)),
        ..ok_of("A")
    };
    let report = distribution::receive_and_handle(app, &cut)
        .await
        .expect("heard");
    assert_eq!(report.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn a_word_that_cannot_be_read_holds_up_neither_its_offer_nor_others_for_long() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let app = &harness.app;
    let (lead, attempt) = offered(&harness).await;
    sqlx::query(
        "insert into inbound_event (id, sender, payload, received_at, acknowledged_at)
         values (gen_random_uuid(), $1, '{\"door\": \"of the future\"}', $2, $2)",
    )
    .bind(agent_phone("A").as_str())
    .bind(harness.now())
    .execute(&app.pool)
    .await
    .expect("a word of a newer api");
    let another = ad("meta-002", "081234001235");
    distribution::take_ad(app, &another).await.expect("taken");
    app.clock.set(harness.now() + TimeDelta::seconds(301));

    // The deadline job fails, and runs again later; the sweep completes.
    assert!(
        distribution::check_deadline(app, attempt, Cause::Alarm)
            .await
            .is_err()
    );
    let mut rolled = 0;
    for _ in 0..4 {
        rolled += distribution::roll_all_due(app, Duration::ZERO, Cause::Sweep)
            .await
            .expect("a sweep")
            .len();
    }
    // After five failures, a person must look at the message.
    assert_eq!(rolled, 2);
    assert_eq!(status(&harness, lead).await, "distributing");
    let failures: i32 = sqlx::query_scalar("select failures from inbound_event")
        .fetch_one(&app.pool)
        .await
        .expect("the word is kept");
    assert_eq!(failures, 5);
    assert_eq!(
        distribution::handle_unhandled(app).await.expect("a look"),
        0
    );
}

#[tokio::test]
async fn an_agent_whose_number_changes_between_tries_is_not_offered_the_lead_twice() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let app = &harness.app;
    let (_, attempt) = offered(&harness).await;
    harness.provider.is_away(1);
    assert!(distribution::forward(app, attempt).await.is_err());
    sqlx::query(r#"update "user" set phone = '081299990000' where id = 'sales-a'"#)
        .execute(&app.pool)
        .await
        .expect("an operator edits the number");
    distribution::forward(app, attempt).await.expect("sent");
    distribution::forward(app, attempt)
        .await
        .expect("nothing to do");
    let said = harness.provider.unheard();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].to, agent_phone("A"));
}

#[tokio::test]
async fn a_deadline_that_has_come_is_final_however_late_the_provider_takes_the_offer() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let app = &harness.app;
    let (_, attempt) = offered(&harness).await;
    harness
        .provider
        .takes_the_next_after(TimeDelta::seconds(400));
    distribution::forward(app, attempt).await.expect("sent");
    let checked = distribution::check_deadline(app, attempt, Cause::Alarm)
        .await
        .expect("checked");
    assert!(matches!(checked, Checked::Rolled(_)), "{checked:?}");
}

/// A message of A with this id, received and not handled, at the present time.
async fn received(harness: &Harness, id: &str, words: &str) -> shared::id::MessageId {
    let message = InboundMessage {
        message_id: Some(id.to_owned()),
        sent_at: Some(harness.now()),
        body: words.to_owned(),
        ..ok_of("A")
    };
    distribution::receive(&harness.app, &message)
        .await
        .expect("received")
}

/// A edits that message at the present time.
async fn edited(harness: &Harness, id: &str, words: &str) {
    let app = &harness.app;
    let correction = Correction {
        id: format!("{id}-edit"),
        original_id: id.to_owned(),
        body: Some(words.to_owned()),
        at: harness.now(),
    };
    let mut connection = app.pool.acquire().await.expect("a connection");
    let from = agent_phone("A").into();
    let ids = distribution::receive_edit(app, &mut connection, &from, &correction, None).await;
    assert_eq!(ids.expect("an edit").len(), 0, "it is the same message");
}

/// A message that is edited before it is handled counts as its last text: at its own time if the first text was an OK.
#[tokio::test]
async fn an_edit_of_a_message_that_is_not_handled_yet_counts_as_its_last_text() {
    for (first, last, edited_at, outcome) in [
        ("okk bentar", "OK", 200, Outcome::Accepted),
        ("OK", "OK pak", 301, Outcome::Accepted),
        ("bentar", "OK", 302, Outcome::Late),
        ("OK", "ok?", 250, Outcome::NotAnAck),
    ] {
        let harness = Harness::new().await;
        harness.accept_offers_at_once().await;
        offered(&harness).await;
        let start = harness.now();
        harness.app.clock.set(start + TimeDelta::seconds(100));
        let id = received(&harness, "wamid.1", first).await;
        harness.app.clock.set(start + TimeDelta::seconds(edited_at));
        edited(&harness, "wamid.1", last).await;
        let report = distribution::handle(&harness.app, id)
            .await
            .expect("handled");
        assert_eq!(report.outcome, outcome, "{first} {last}");
    }
}
