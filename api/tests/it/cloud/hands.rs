//! Numbers and ids that pass from one person to another, and agents who are known by one key.

use super::graph::delivery;
use super::identity::{BSUID, named, nameless};
use super::office::{Office, agent};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};

const OTHER: &str = "ID.2200000000000002";

/// A client wrote, and A holds the offer.
async fn offered_to_a(office: &Office) {
    office.says("6281234001234", "Halo").await;
    office.reads("6281234001234");
    office.reads(&agent('A'));
    office.fast_forward(TimeDelta::seconds(30)).await;
}

async fn owner(office: &Office) -> String {
    office
        .sql("select owner_sales_id from lead where phone = '+6281234001234'")
        .await
}

/// Somebody without a number presses the button of A's offer, on the message with this id.
async fn pressed_on(office: &Office, message: Option<&str>) -> Value {
    let attempt = office
        .sql("select id::text from distribution_attempt where sales_id = 'sales-a'")
        .await;
    let mut pressed = nameless(office, BSUID, "");
    pressed["messages"][0]["type"] = json!("interactive");
    pressed["messages"][0]["interactive"] = json!({ "type": "button_reply", "button_reply": { "id": format!("claim:{attempt}"), "title": "Ambil" } });
    if let Some(message) = message {
        pressed["messages"][0]["context"] = json!({ "id": message });
    }
    pressed
}

/// The id at Meta of the offer that this agent got.
async fn offer_of(office: &Office, agent: &str) -> String {
    let of_agent = "select m.provider_message_id from wa_message m join distribution_attempt a on a.id = m.attempt_id
                    where m.kind = 'offer' and a.sales_id = $1";
    sqlx::query_scalar(of_agent)
        .bind(agent)
        .fetch_one(&office.harness.app.pool)
        .await
        .expect("an offer")
}

#[tokio::test]
async fn the_button_of_an_offer_says_who_pressed_it() {
    let office = Office::open().await;
    offered_to_a(&office).await;
    let offer = offer_of(&office, "sales-a").await;
    let pressed = pressed_on(&office, Some(&offer)).await;
    office.deliver(&delivery(&[pressed])).await;
    office.reads(&agent('A'));
    assert_eq!(owner(&office).await, "sales-a");
    assert_eq!(
        office.sql("select count(*)::text from lead").await,
        "1",
        "the agent is no client"
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_quote_of_an_offer_says_who_quoted_it() {
    let office = Office::open().await;
    offered_to_a(&office).await;
    let offer = office
        .sql("select provider_message_id from wa_message where kind = 'offer'")
        .await;
    let mut quoting = nameless(&office, BSUID, "ok");
    quoting["messages"][0]["context"] = json!({ "id": offer });
    office.deliver(&delivery(&[quoting])).await;
    office.reads(&agent('A'));
    assert_eq!(owner(&office).await, "sales-a");
    office.nobody_else_was_messaged().await;
}

/// A holds the offer, and its status names A by number and by id. Returns the offer's id at Meta.
async fn a_status_names_a(office: &Office) -> String {
    office.says("6281234001234", "Halo").await;
    office.reads("6281234001234");
    let offer = office.reads(&agent('A'));
    let status = json!({ "id": offer.id, "status": "delivered", "timestamp": office.harness.now().timestamp().to_string(),
        "recipient_id": agent('A'), "recipient_user_id": BSUID });
    office
        .deliver(&delivery(&[json!({ "statuses": [status] })]))
        .await;
    office.fast_forward(TimeDelta::seconds(30)).await;
    offer.id
}

/// Agents see the ids of each other's attempts, and no id of a message at Meta.
#[tokio::test]
async fn a_button_that_somebody_made_up_does_not_say_who_they_are() {
    let office = Office::open().await;
    offered_to_a(&office).await;
    office.fast_forward(TimeDelta::minutes(5)).await;
    office.reads(&agent('B'));
    let offer_of_b = offer_of(&office, "sales-b").await;
    for message in [None, Some(offer_of_b.as_str()), Some("wamid.unknown")] {
        let pressed = pressed_on(&office, message).await;
        office.deliver(&delivery(&[pressed])).await;
        let known = "select count(*)::text from wa_identity where user_id is not null";
        assert_eq!(office.sql(known).await, "0", "{message:?}");
        assert_eq!(owner(&office).await, "", "{message:?}");
    }
}

#[tokio::test]
async fn who_is_known_by_an_id_is_not_taken_for_the_writer_under_another() {
    let office = Office::open().await;
    let offer = a_status_names_a(&office).await;
    let mut quoting = nameless(&office, OTHER, "ok");
    quoting["messages"][0]["context"] = json!({ "id": offer });
    office.deliver(&delivery(&[quoting])).await;
    assert_eq!(owner(&office).await, "");
    let known = "select string_agg(address, ' ') from wa_identity where user_id = 'sales-a'";
    assert_eq!(office.sql(known).await, format!("bsuid:{BSUID}"));
}

#[tokio::test]
async fn a_status_with_both_keys_teaches_who_the_id_is() {
    let office = Office::open().await;
    a_status_names_a(&office).await;
    office
        .deliver(&delivery(&[nameless(&office, BSUID, "OK")]))
        .await;
    office.reads(&agent('A'));
    assert_eq!(owner(&office).await, "sales-a");
    office.nobody_else_was_messaged().await;
}

/// A company's SIM passes from A to B, with the id that was learnt when A had it.
#[tokio::test]
async fn the_present_number_wins_over_what_was_learnt_of_its_id() {
    let office = Office::open().await;
    office
        .deliver(&delivery(&[named(&office, &agent('A'), BSUID, "absen")]))
        .await;
    for (user, phone) in [("sales-a", "628111000099"), ("sales-b", "6281110000001")] {
        let (status, answer) = office
            .send_as(
                "admin",
                Method::PUT,
                &format!("/api/sales/{user}/address"),
                &json!({ "phone": format!("+{phone}") }),
            )
            .await;
        assert_eq!(status, 200, "{answer}");
    }
    // The learnt id is there again, as after a late delivery.
    office
        .sql("with k as (insert into wa_identity (address, user_id, first_seen_at) values ('bsuid:ID.1100000000000009', 'sales-a', now())
              on conflict do nothing returning 1) select count(*)::text from k")
        .await;
    office.says("6281234001234", "Halo").await;
    office.reads("6281234001234");
    office.reads("628111000099");
    office.fast_forward(TimeDelta::seconds(330)).await;
    office.reads("6281110000001");
    office
        .deliver(&delivery(&[named(&office, "6281110000001", BSUID, "OK")]))
        .await;
    office.reads("6281110000001");
    assert_eq!(owner(&office).await, "sales-b");
    let holder = "select user_id from wa_identity where address = 'bsuid:ID.1100000000000009'";
    assert_eq!(
        office.sql(holder).await,
        "sales-b",
        "the id moved with the number"
    );
    office.nobody_else_was_messaged().await;
}

/// An agent changed their number, and the old one was given to somebody else.
#[tokio::test]
async fn a_number_that_was_left_is_a_client_who_writes_from_it_under_another_id() {
    for order in ["with the id", "after the id was seen alone"] {
        let office = Office::open().await;
        office
            .deliver(&delivery(&[named(&office, &agent('A'), BSUID, "absen")]))
            .await;
        let changed = json!({ "type": "system", "system": { "type": "user_changed_number", "wa_id": "628111000099" } });
        office
            .deliver(&delivery(&[office.message(&agent('A'), &changed)]))
            .await;
        assert_eq!(
            office
                .sql(r#"select phone from "user" where id = 'sales-a'"#)
                .await,
            "+628111000099"
        );
        if order != "with the id" {
            office
                .deliver(&delivery(&[nameless(&office, OTHER, "Halo")]))
                .await;
        }
        office
            .deliver(&delivery(&[named(
                &office,
                &agent('A'),
                OTHER,
                "Halo, cari rumah",
            )]))
            .await;
        assert_eq!(
            office.sql("select count(*)::text from lead").await,
            "1",
            "{order}"
        );
        assert_eq!(
            office.sql("select phone from lead").await,
            "+6281110000001",
            "{order}"
        );
        // The agent is still known by their own id.
        office.reads("628111000099");
        office
            .deliver(&delivery(&[nameless(&office, BSUID, "OK")]))
            .await;
        assert_eq!(
            office.sql("select owner_sales_id from lead").await,
            "sales-a",
            "{order}"
        );
    }
}

/// A client's former number was given to somebody else: two people, two leads.
#[tokio::test]
async fn a_clients_former_number_yields_to_who_writes_from_it_under_another_id() {
    let office = Office::open().await;
    office
        .deliver(&delivery(&[named(&office, "6281234001234", BSUID, "Halo")]))
        .await;
    office.reads("6281234001234");
    office.reads(&agent('A'));
    let changed = json!({ "type": "system", "system": { "type": "user_changed_number", "wa_id": "6281234009999" } });
    office
        .deliver(&delivery(&[office.message("6281234001234", &changed)]))
        .await;
    assert_eq!(office.sql("select phone from lead").await, "+6281234009999");
    office.fast_forward(TimeDelta::seconds(30)).await;
    office
        .deliver(&delivery(&[named(
            &office,
            "6281234001234",
            OTHER,
            "Halo, saya orang lain",
        )]))
        .await;
    assert_eq!(
        office
            .sql("select string_agg(phone, ' ' order by phone) from lead")
            .await,
        "+6281234001234 +6281234009999"
    );
    office.the_rules_hold().await;
}

/// `okk` edited to `OK`: it counts at the time of the edit.
#[tokio::test]
async fn an_edit_to_an_ok_claims_and_an_edit_of_an_answer_changes_nothing() {
    let office = Office::open().await;
    offered_to_a(&office).await;
    let first = office.message(
        &agent('A'),
        &json!({ "type": "text", "text": { "body": "okelahh bentar" } }),
    );
    let original = first["messages"][0]["id"].clone();
    office.deliver(&delivery(&[first])).await;
    office.reads(&agent('A'));
    let edit = |words: &str| {
        office.message(&agent('A'), &json!({ "type": "edit",
            "edit": { "original_message_id": original, "message": { "type": "text", "text": { "body": words } } } }))
    };
    office.fast_forward(TimeDelta::seconds(30)).await;
    office.deliver(&delivery(&[edit("OK")])).await;
    office.reads(&agent('A'));
    assert_eq!(owner(&office).await, "sales-a");
    // The next offer to A is not taken by correcting an old message.
    office.says("6281234001235", "Halo").await;
    office.reads("6281234001235");
    office.fast_forward(TimeDelta::seconds(30)).await;
    office.reads(&agent('A'));
    office.deliver(&delivery(&[edit("OK pak")])).await;
    assert_eq!(
        office
            .sql("select status from distribution_attempt order by assigned_at desc limit 1")
            .await,
        "open"
    );
    office.the_rules_hold().await;
}
