//! Every payload of Meta's documentation, handled as it says.

use super::office::{Office, agent};
use chrono::{DateTime, TimeDelta};
use poem::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn folder() -> String {
    format!(
        "{}/../shared/tests/fixtures/meta",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/{name}.json", folder())).expect(name)
}

/// An office in which Sales A holds an offer, made a minute before the fixtures' agents answer; the
/// fixtures' ids of it are put in place.
async fn with_an_offer() -> (Office, impl Fn(&str) -> Value) {
    let office = Office::open().await;
    let begin = DateTime::from_timestamp(1_793_000_000, 0).expect("the fixtures' time");
    office.harness.app.clock.set(begin);
    office.says("6281234001299", "Halo").await;
    office.reads("6281234001299");
    let offer = office.reads(&agent('A'));
    let attempt = office
        .sql("select id::text from distribution_attempt")
        .await;
    let id = offer.id;
    let fill = move |name: &str| {
        let text = fixture(name)
            .replace("01JD0000000000000000000001", &attempt)
            .replace("wamid.OFFER0001", &id);
        serde_json::from_str(&text).expect("JSON")
    };
    office.harness.app.clock.set(begin + TimeDelta::seconds(61));
    (office, fill)
}

#[tokio::test]
async fn every_way_of_saying_ok_takes_the_offer() {
    for name in [
        "in_sales_ok_bare",
        "in_sales_ok_quoting_offer",
        "in_sales_button_reply_interactive",
        "in_sales_button_reply_template",
        "in_sales_reaction_thumbsup",
    ] {
        let (office, fill) = with_an_offer().await;
        office.deliver(&fill(name)).await;
        office.deliver(&fill(name)).await;
        assert_eq!(
            office.sql("select owner_sales_id from lead").await,
            "sales-a",
            "{name}"
        );
        office.fast_forward(TimeDelta::seconds(10)).await;
        office.reads(&agent('A'));
        office.nobody_else_was_messaged().await;
    }
}

#[tokio::test]
async fn a_late_ok_is_late_and_a_thumb_taken_back_is_nothing() {
    let (office, fill) = with_an_offer().await;
    office.fast_forward(TimeDelta::seconds(245)).await;
    office.deliver(&fill("in_sales_ok_late")).await;
    assert_eq!(
        office
            .sql("select outcome from wa_message where direction = 'in' and kind = 'agent'")
            .await,
        "late"
    );
    assert_eq!(office.sql("select owner_sales_id from lead").await, "");

    let (office, fill) = with_an_offer().await;
    office.deliver(&fill("in_sales_reaction_removed")).await;
    assert_eq!(
        office.sql("select status from distribution_attempt").await,
        "open"
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn whatever_a_client_sends_begins_a_cycle_and_agents_read_what_it_was() {
    for (name, words) in [
        ("in_client_text", "Halo saya tertarik unitnya"),
        ("in_client_ctwa_referral", "Halo, info unit?"),
        ("in_client_image_caption", "[gambar]"),
        (
            "in_client_unknown_type",
            "[pesan yang tidak dapat ditampilkan]",
        ),
        (
            "in_client_unsupported",
            "[pesan yang tidak dapat ditampilkan]",
        ),
    ] {
        let office = Office::open().await;
        office
            .harness
            .app
            .clock
            .set(DateTime::from_timestamp(1_793_000_005, 0).expect("a time"));
        let body: Value = serde_json::from_str(&fixture(name)).expect("JSON");
        office.deliver(&body).await;
        office.reads("6281234001234");
        let offer = office.reads(&agent('A'));
        let text = offer.body["interactive"]["body"]["text"]
            .as_str()
            .or(offer.body["text"]["body"].as_str());
        let text = text.map_or_else(|| offer.body.to_string(), str::to_owned);
        let kept = office
            .sql("select body from wa_message where kind = 'client'")
            .await;
        assert!(kept.starts_with(words), "{name}: {kept}");
        assert!(
            text.contains(&kept) || offer.body["type"] == "template",
            "{name}: {text}"
        );
        office.nobody_else_was_messaged().await;
    }
    let office = Office::open().await;
    office
        .harness
        .app
        .clock
        .set(DateTime::from_timestamp(1_793_000_005, 0).expect("a time"));
    office
        .deliver(&serde_json::from_str(&fixture("in_client_ctwa_referral")).expect("JSON"))
        .await;
    assert_eq!(
        office.sql("select source_ads from lead").await,
        "Rumah 2 lantai BSD"
    );
    assert_eq!(
        office
            .sql("select ad_id || ' ' || ctwa_clid from lead_enquiry")
            .await,
        "120000000000000001 ARxxCLID"
    );
}

#[tokio::test]
async fn what_a_client_takes_back_or_changes_stays_beside_the_message() {
    let office = Office::open().await;
    office
        .harness
        .app
        .clock
        .set(DateTime::from_timestamp(1_793_000_005, 0).expect("a time"));
    for name in ["in_client_revoke", "in_client_text", "in_client_revoke"] {
        office
            .deliver(&serde_json::from_str(&fixture(name)).expect("JSON"))
            .await;
    }
    assert_eq!(
        office
            .sql("select kind || ' ' || original_id from wa_correction")
            .await,
        "revoke wamid.CLIENT0001"
    );
    assert_eq!(
        office
            .sql("select count(*)::text from wa_message where kind = 'client'")
            .await,
        "1"
    );
    office.reads("6281234001234");
    office.reads(&agent('A'));
    let edit = json!({ "type": "edit", "edit": { "original_message_id": "wamid.CLIENT0001",
        "message": { "type": "text", "text": { "body": "Halo, unit tipe 45" } } } });
    office
        .deliver(&super::graph::delivery(&[
            office.message("6281234001234", &edit)
        ]))
        .await;
    let lead = office.sql("select id::text from lead").await;
    let path = format!("/api/leads/{lead}");
    let (_, detail) = office
        .send_as("admin", Method::GET, &path, &json!({}))
        .await;
    let message = &detail["messages"][0];
    assert_eq!(message["body"], "Halo saya tertarik unitnya");
    assert_eq!(message["editedBody"], "Halo, unit tipe 45");
    assert_eq!(message["revokedAt"], "2026-10-26T07:33:20.000000Z");
    // The client learns the ids of our answers, and cannot change what we are seen to have said.
    let ours = office
        .sql("select provider_message_id from wa_message where kind = 'auto_reply'")
        .await;
    let edit = json!({ "type": "edit", "edit": { "original_message_id": ours,
        "message": { "type": "text", "text": { "body": "Rumahnya gratis" } } } });
    let revoke = json!({ "type": "revoke", "revoke": { "original_message_id": ours } });
    for said in [edit, revoke] {
        let from_client = office.message("6281234001234", &said);
        office
            .deliver(&super::graph::delivery(&[from_client]))
            .await;
    }
    let (_, detail) = office
        .send_as("admin", Method::GET, &path, &json!({}))
        .await;
    let messages = detail["messages"].as_array().expect("messages");
    let answer = messages.iter().find(|row| row["kind"] == "auto_reply");
    let answer = answer.expect("our answer");
    assert!(
        answer["editedBody"].is_null() && answer["revokedAt"].is_null(),
        "{answer}"
    );
    // A user who cannot read the message cannot read its status.
    let path = format!("/api/distribution/leads/{lead}");
    let (_, masked) = office
        .send_as("sales-c", Method::GET, &path, &json!({}))
        .await;
    assert!(!masked.to_string().contains("tipe 45"), "{masked}");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_status_about_somebody_elses_message_is_kept_and_changes_nothing() {
    let office = Office::open().await;
    for name in ["in_status_failed_131026", "in_status_failed_131047"] {
        office
            .deliver(&serde_json::from_str(&fixture(name)).expect("JSON"))
            .await;
    }
    assert_eq!(
        office
            .sql("select count(*)::text from webhook_delivery where handled_at is not null")
            .await,
        "2"
    );
    office.nobody_else_was_messaged().await;
}

/// A new payload in the folder fails here until a person adds what must follow from it.
#[test]
fn no_inbound_fixture_is_forgotten() {
    let told: BTreeSet<String> = [
        "in_client_ctwa_referral",
        "in_client_image_caption",
        "in_client_revoke",
        "in_client_text",
        "in_client_unknown_type",
        "in_client_unsupported",
        "in_leadgen",
        "in_sales_button_reply_interactive",
        "in_sales_button_reply_template",
        "in_sales_ok_bare",
        "in_sales_ok_late",
        "in_sales_ok_quoting_offer",
        "in_sales_reaction_removed",
        "in_sales_reaction_thumbsup",
        "in_status_failed_131026",
        "in_status_failed_131047",
    ]
    .map(str::to_owned)
    .into();
    let found: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the fixtures")
        .flatten()
        .filter_map(|entry| {
            entry
                .file_name()
                .to_str()
                .and_then(|name| name.strip_suffix(".json"))
                .map(str::to_owned)
        })
        .filter(|name| name.starts_with("in_"))
        .collect();
    assert_eq!(found, told);
}

/// What we send has the shape of Meta's examples.
#[tokio::test]
async fn what_we_send_is_shaped_as_metas_examples_are() {
    let keys = |value: &Value| -> BTreeSet<String> {
        value
            .as_object()
            .map(|fields| fields.keys().cloned().collect())
            .unwrap_or_default()
    };
    let office = Office::open().await;
    office.says(&agent('A'), "absen").await;
    office.says("6281234001234", "Halo").await;
    let offer = office.reads(&agent('A')).body;
    let example: Value = serde_json::from_str(&fixture("out_offer_interactive.req")).expect("JSON");
    assert_eq!(keys(&offer), keys(&example));
    assert_eq!(
        keys(&offer["interactive"]["action"]["buttons"][0]),
        keys(&example["interactive"]["action"]["buttons"][0])
    );
    let text = office.reads("6281234001234").body;
    let example: Value = serde_json::from_str(&fixture("out_text.req")).expect("JSON");
    assert!(keys(&text).is_superset(&keys(&example)), "{text}");
    assert_eq!(json!(keys(&text["text"])), json!(["body", "preview_url"]));
}
