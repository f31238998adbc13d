//! Which of several offers an agent means, and passing one on.

use super::story::{Story, minutes, text};
use serde_json::{Value, json};

/// Two clients wrote; both leads are offered to A. Returns the leads.
async fn two_offers_to_a(story: &Story) -> [String; 2] {
    let mut leads = Vec::new();
    for phone in ["081234001234", "081234001235"] {
        let client = story.client(phone);
        leads.push(text(&client.says("Halo").await["lead"]["id"]));
        client.is_asked_to_wait();
        story.agent("A").is_offered_the_lead();
    }
    leads.try_into().expect("two leads")
}

/// The latest attempt of a lead.
async fn attempt(story: &Story, lead: &str) -> Value {
    let journey = story.journey(lead).await;
    let cycles = journey["cycles"].as_array().and_then(|all| all.last());
    let attempts = cycles.and_then(|cycle| cycle["attempts"].as_array());
    attempts
        .and_then(|all| all.last())
        .expect("an attempt")
        .clone()
}

#[tokio::test]
async fn every_offer_shows_a_code_and_ok_with_it_claims_that_offer() {
    let story = Story::begin().await;
    let first = story.client("081234001234");
    let lead = text(&first.says("Halo").await["lead"]["id"]);
    let code = text(&attempt(&story, &lead).await["code"]);
    assert!(code.starts_with('A'), "{code}");
    first.is_asked_to_wait();
    story.agent("A").is_told(&format!("(kode {code})"));
    let second = story.client("081234001235");
    second.says("Halo").await;
    second.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();

    let answer = story
        .agent("A")
        .says(&format!("ok pak {}", code.to_lowercase()))
        .await;
    assert_eq!(answer["outcome"], "accepted");
    assert_eq!(answer["lead"]["id"], lead.as_str());
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn two_offers_that_are_open_to_one_agent_never_share_a_code() {
    let story = Story::begin().await;
    let leads = two_offers_to_a(&story).await;
    let one = attempt(&story, &leads[0]).await;
    let other = attempt(&story, &leads[1]).await;
    assert_ne!(one["code"], other["code"]);
    // The numbers come round again while the first is still open.
    let sequence = "select setval('offer_code', currval - 1 + 999)
         from (select last_value - 1 as currval from offer_code) as before";
    sqlx::query(sequence)
        .execute(&story.harness.app.pool)
        .await
        .expect("a thousand offers later");
    let third = story.client("081234001236");
    let lead = text(&third.says("Halo").await["lead"]["id"]);
    let code = attempt(&story, &lead).await["code"].clone();
    assert!(code != one["code"] && code != other["code"], "{code}");
    third.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_code_that_is_nobodys_claims_nothing_and_asks() {
    let story = Story::begin().await;
    let leads = two_offers_to_a(&story).await;
    let answer = story.agent("A").says("OK A998").await;
    assert_eq!(answer["outcome"], "ambiguous");
    let code = text(&attempt(&story, &leads[0]).await["code"]);
    story.agent("A").is_told(&format!("1. {code} B"));
    for lead in &leads {
        assert_eq!(story.standing(lead).await.1, ["open"]);
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_button_claims_its_own_offer_and_so_does_a_thumbs_up() {
    let story = Story::begin().await;
    let leads = two_offers_to_a(&story).await;
    let id = text(&attempt(&story, &leads[1]).await["id"]);
    let press = json!({ "buttonPayload": format!("claim:{id}"), "body": "Ambil" });
    let answer = story.agent("A").sends(press).await;
    assert_eq!(answer["outcome"], "accepted");
    assert_eq!(answer["lead"]["id"], leads[1].as_str());
    story.agent("A").is_told("sekarang milik Anda");

    let third = story.client("081234001236");
    third.says("Halo").await;
    third.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let offer = story.offer_message(&leads[0]).await;
    let thumb = json!({ "reaction": "👍🏾", "quotedMessageId": offer });
    let answer = story.agent("A").sends(thumb).await;
    assert_eq!(answer["outcome"], "accepted");
    assert_eq!(answer["lead"]["id"], leads[0].as_str());
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_reaction_that_is_no_thumb_or_not_on_an_offer_or_taken_back_says_nothing() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let offer = story.offer_message(&lead).await;
    for (reaction, on) in [
        ("❤️", offer.as_str()),
        ("", &offer),
        ("👍", "wamid.of-something-else"),
    ] {
        let answer = story
            .agent("A")
            .sends(json!({ "reaction": reaction, "quotedMessageId": on }))
            .await;
        assert_eq!(answer["outcome"], "not_an_ack", "{reaction} on {on}");
    }
    assert_eq!(story.standing(&lead).await.1, ["open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn somebody_elses_button_claims_nothing() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    let id = text(&attempt(&story, &lead).await["id"]);
    let press = json!({ "buttonPayload": format!("claim:{id}") });
    let answer = story.agent("B").sends(press).await;
    assert_eq!(answer["outcome"], "nothing_open");
    assert_eq!(story.standing(&lead).await.1, ["open"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("B").is_told("Tidak ada penawaran");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_who_passes_is_thanked_and_the_lead_goes_on_at_once() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let answer = story.agent("A").says("lewati").await;
    assert_eq!(answer["outcome"], "declined");
    assert_eq!(answer["attempt"]["status"], "declined");
    story.agent("A").is_told("dilewatkan");
    story.agent("B").is_offered_the_lead();
    assert_eq!(story.standing(&lead).await.1, ["declined", "open"]);

    // B has the full window, and A cannot come back.
    assert_eq!(story.agent("A").says("OK").await["outcome"], "nothing_open");
    story.agent("A").is_told("Tidak ada penawaran");
    story.fast_forward(minutes(4)).await;
    assert_eq!(story.agent("B").says("siap").await["outcome"], "accepted");
    story.agent("B").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn when_everybody_passes_the_lead_is_hangus_without_waiting() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    for label in ["A", "B", "C", "D", "E", "F"] {
        story.agent(label).is_offered_the_lead();
        assert_eq!(story.agent(label).says("skip").await["outcome"], "declined");
        story.agent(label).is_told("dilewatkan");
    }
    let (status, attempts) = story.standing(&lead).await;
    assert_eq!(status, "hangus");
    assert_eq!(attempts, ["declined"; 6]);
    assert_eq!(story.journey(&lead).await["lead"]["progress"], "no-action");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_bare_pass_with_two_open_offers_passes_neither() {
    let story = Story::begin().await;
    let leads = two_offers_to_a(&story).await;
    assert_eq!(story.agent("A").says("skip").await["outcome"], "ambiguous");
    story.agent("A").is_told("Ada 2 penawaran terbuka");
    for lead in &leads {
        assert_eq!(story.standing(lead).await.1, ["open"]);
    }
    let code = text(&attempt(&story, &leads[0]).await["code"]);
    let answer = story.agent("A").says(&format!("skip {code}")).await;
    assert_eq!(answer["lead"]["id"], leads[0].as_str());
    story.agent("A").is_told("dilewatkan");
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}
