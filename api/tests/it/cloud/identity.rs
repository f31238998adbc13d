//! One person, whatever they write from.

use super::graph::delivery;
use super::office::{Office, agent};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};
use shared::distribution;
use shared::phone::Phone;

pub(super) const BSUID: &str = "ID.1100000000000009";

/// A message of a person whose number Meta does not disclose.
pub(super) fn nameless(office: &Office, bsuid: &str, words: &str) -> Value {
    let mut value = office.message(
        "0",
        &json!({ "type": "text", "text": { "body": words }, "from_user_id": bsuid }),
    );
    value["messages"][0]
        .as_object_mut()
        .expect("a message")
        .remove("from");
    value["contacts"] =
        json!([{ "profile": { "name": "Ibu Sari", "username": "sari" }, "user_id": bsuid }]);
    value
}

/// The same with their number.
pub(super) fn named(office: &Office, wa_id: &str, bsuid: &str, words: &str) -> Value {
    let mut value = office.message(
        wa_id,
        &json!({ "type": "text", "text": { "body": words }, "from_user_id": bsuid }),
    );
    value["contacts"][0]["user_id"] = json!(bsuid);
    value
}

#[tokio::test]
async fn a_client_without_a_number_is_a_lead_is_answered_and_gets_their_number_later() {
    let office = Office::open().await;
    office
        .deliver(&delivery(&[nameless(&office, BSUID, "Halo")]))
        .await;
    let reply = office.reads(BSUID);
    assert_eq!(reply.body["recipient"], BSUID);
    assert!(reply.body.get("to").is_none());
    office.reads(&agent('A'));
    assert_eq!(office.sql("select phone from lead").await, "");
    office
        .deliver(&delivery(&[named(
            &office,
            "6281234001234",
            BSUID,
            "Ini nomor saya",
        )]))
        .await;
    assert_eq!(office.sql("select count(*)::text from lead").await, "1");
    assert_eq!(office.sql("select phone from lead").await, "+6281234001234");
    // From then on either is the same person.
    office
        .deliver(&delivery(&[nameless(&office, BSUID, "Halo lagi")]))
        .await;
    assert_eq!(office.sql("select count(*)::text from lead").await, "1");
    assert_eq!(
        office
            .sql("select count(*)::text from distribution_cycle")
            .await,
        "1"
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agents_word_from_another_identity_is_never_a_new_client() {
    let office = Office::open().await;
    office
        .deliver(&delivery(&[named(
            &office,
            &agent('A'),
            "ID.2200000000000001",
            "absen",
        )]))
        .await;
    office.says("6281234001234", "Halo").await;
    office.reads("6281234001234");
    office.reads(&agent('A'));
    office.fast_forward(TimeDelta::seconds(30)).await;
    office
        .deliver(&delivery(&[nameless(&office, "ID.2200000000000001", "OK")]))
        .await;
    office.reads(&agent('A'));
    assert_eq!(
        office.sql("select owner_sales_id from lead").await,
        "sales-a"
    );
    assert_eq!(office.sql("select count(*)::text from lead").await, "1");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn two_leads_become_one_when_a_message_shows_that_they_are() {
    let office = Office::open().await;
    office
        .deliver(&delivery(&[nameless(&office, BSUID, "Halo")]))
        .await;
    office.reads(BSUID);
    office.reads(&agent('A'));
    office.fast_forward(TimeDelta::seconds(20)).await;
    office.says("6281234001234", "Halo dari nomor saya").await;
    office.reads("6281234001234");
    office.reads(&agent('A'));
    assert_eq!(office.sql("select count(*)::text from lead").await, "2");
    office.fast_forward(TimeDelta::seconds(20)).await;
    office
        .deliver(&delivery(&[named(
            &office,
            "6281234001234",
            BSUID,
            "Sama, pak",
        )]))
        .await;
    assert_eq!(office.sql("select count(*)::text from lead").await, "1");
    assert_eq!(office.sql("select phone from lead").await, "+6281234001234");
    assert_eq!(
        office
            .sql("select string_agg(status, ',' order by started_at) from distribution_cycle")
            .await,
        "open,cancelled"
    );
    assert_eq!(office.sql("select count(*)::text from wa_message where direction = 'in' and lead_id = (select id from lead)").await, "3");
    assert_eq!(
        office
            .sql("select count(*)::text from distribution_event where kind = 'merged'")
            .await,
        "1"
    );
    // The agent reads that one of the two offers is no more.
    office.reads(&agent('A'));
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_number_that_changes_is_followed_for_clients_and_agents() {
    let office = Office::open().await;
    office.says("6281234001234", "Halo").await;
    office.reads("6281234001234");
    office.reads(&agent('A'));
    let moved = |old: &str, new: &str| {
        json!({ "messages": [{ "from": old, "id": format!("wamid.MOVED{old}"), "timestamp": "1767578400", "type": "system",
                               "system": { "type": "user_changed_number", "wa_id": new, "body": "moved" } }] })
    };
    office
        .deliver(&delivery(&[moved("6281234001234", "6281999900001")]))
        .await;
    office
        .deliver(&delivery(&[moved("6281234001234", "6281999900001")]))
        .await;
    assert_eq!(office.sql("select phone from lead").await, "+6281999900001");
    office.says("6281999900001", "Masih saya").await;
    office.says("6281234001234", "Nomor lama").await;
    assert_eq!(office.sql("select count(*)::text from lead").await, "1");

    office
        .deliver(&delivery(&[moved(&agent('A'), "6281999900002")]))
        .await;
    assert_eq!(
        office
            .sql(r#"select offer_address from "user" where id = 'sales-a'"#)
            .await,
        "+6281999900002"
    );
    office.fast_forward(TimeDelta::seconds(30)).await;
    office.says("6281999900002", "OK").await;
    assert_eq!(
        office.sql("select owner_sales_id from lead").await,
        "sales-a"
    );
    office.reads("6281999900002");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_client_who_wants_no_messages_gets_none_under_their_number_either() {
    let office = Office::open().await;
    office
        .deliver(&delivery(&[nameless(&office, BSUID, "STOP")]))
        .await;
    let client = "6281234001234";
    office
        .deliver(&delivery(&[named(&office, client, BSUID, "Halo")]))
        .await;
    office.reads(&agent('A'));
    // Nor after they changed their number.
    let (old, new) = ("+6281234001234", "+6281234009999");
    let number = |text| Phone::from_e164(text).expect("a number");
    distribution::change_number(&office.harness.app, &number(old), &number(new))
        .await
        .expect("changed");
    office.fast_forward(TimeDelta::minutes(31)).await;
    office.says("6281234009999", "Masih ada?").await;
    while office.may_read(&agent('A')).is_some() {}
    for label in ['B', 'C', 'D', 'E', 'F'] {
        office.reads(&agent(label));
    }
    // An admin ends it by the present number.
    let path = "/api/contacts/blocked/+6281234009999";
    let (status, told) = office
        .send_as("admin", Method::DELETE, path, &json!({}))
        .await;
    assert_eq!(status, 200, "{told}");
    let blocks = "select count(*)::text from contact_block";
    assert_eq!(office.sql(blocks).await, "0");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_message_from_before_stop_asks_for_nothing() {
    let office = Office::open().await;
    let client = "6281234001234";
    let written = |minutes: i64| (office.harness.now() - TimeDelta::minutes(minutes)).timestamp();
    let says = |minutes: i64, words: &str| {
        let text = json!({ "type": "text", "text": { "body": words }, "timestamp": written(minutes).to_string() });
        office.message(client, &text)
    };
    office.deliver(&delivery(&[says(5, "STOP")])).await;
    office.deliver(&delivery(&[says(10, "Halo")])).await;
    let cycles = "select count(*)::text from distribution_cycle";
    assert_eq!(office.sql(cycles).await, "0");
    let heard =
        "select string_agg(outcome, ',' order by body) from wa_message where direction = 'in'";
    assert_eq!(office.sql(heard).await, "noted,opted_out");
    // What they write later is an enquiry, which no machine answers.
    office.deliver(&delivery(&[says(0, "Masih ada?")])).await;
    office.reads(&agent('A'));
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn tomorrow_is_the_day_after_an_agent_wrote_it() {
    let office = Office::open().await;
    // 23:58 in Jakarta, handled after midnight.
    office.fast_forward(TimeDelta::hours(15)).await;
    let written = (office.harness.now() - TimeDelta::minutes(2)).timestamp();
    let text = json!({ "type": "text", "text": { "body": "cuti besok" }, "timestamp": written.to_string() });
    let message = office.message(&agent('A'), &text);
    office.deliver(&delivery(&[message])).await;
    office.reads(&agent('A'));
    let days = "select string_agg(first_day || ' ' || last_day, ',') from agent_leave";
    assert_eq!(office.sql(days).await, "2026-01-06 2026-01-06");
    office.nobody_else_was_messaged().await;
}
