//! What an offer shows: the project, all that the client wrote, and what became of them before.

use super::pipeline::claimed_by_a;
use super::story::{Story, minutes, text};
use poem::http::Method;
use serde_json::json;

#[tokio::test]
async fn an_offer_shows_the_project_and_every_word_and_no_empty_line() {
    let story = Story::begin().await;
    let form = json!({ "metaLeadId": "1", "name": "Rina", "phone": "081234001234", "project": "Villa BSD" });
    story.post("/webhooks/meta/leads", &form).await;
    story.workers_catch_up().await;
    let offer = story.agent("A").reads();
    assert!(offer.starts_with("Lead baru untuk A"), "{offer}");
    assert!(offer.contains("\nProyek: Villa BSD\n"), "{offer}");
    for absent in ["Sumber", "Area", "Pesan", "Pernah"] {
        assert!(!offer.contains(absent), "{absent} in {offer}");
    }
    let client = story.client("081234001234");
    client.says("Halo").await;
    client.is_asked_to_wait();
    client.says("yang dua lantai").await;
    story.fast_forward(minutes(5)).await;
    story
        .agent("B")
        .is_told("\nPesan: Halo\n> yang dua lantai\n");
    story.agent("B").says("OK").await;
    story.agent("B").is_told("Proyek: Villa BSD");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_client_who_comes_back_is_told_with_what_became_of_them_and_begins_anew() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let path = format!("/api/leads/{lead}");
    let rejection = json!({ "reason": "harga", "note": "maksimal 500 juta" });
    let (status, entry) = story
        .send_as(
            "sales-a",
            Method::POST,
            &format!("{path}/reject"),
            &rejection,
        )
        .await;
    assert_eq!(status, 200, "{entry}");
    let client = story.client("081234001234");
    let again = client.says("Ada promo?").await;
    assert_eq!(again["outcome"], "distributing");
    client.is_asked_to_wait();
    let offer = story.agent("A").reads();
    assert!(offer.starts_with("Client lama untuk A"), "{offer}");
    assert!(
        offer.contains("\nPernah: Ditolak (Harga tidak cocok), Sales A\n"),
        "{offer}"
    );
    // The first message belongs to the first enquiry.
    assert!(offer.contains("\nPesan: Ada promo?\n"), "{offer}");
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");
    let detail = story.get_as("admin", &path).await;
    assert_eq!(detail["lead"]["layer2"], json!(null));
    let kept = detail["history"]
        .as_array()
        .and_then(|changes| changes.last());
    let kept = kept.expect("the history keeps what was reset");
    assert_eq!(text(&kept["oldValue"]), "ditolak: harga");
    assert_eq!(text(&kept["note"]), "maksimal 500 juta");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_who_passes_without_a_code_is_asked_with_their_own_word() {
    let story = Story::begin().await;
    for number in ["081234001231", "081234001232"] {
        story.client(number).says("Halo").await;
        story.client(number).is_asked_to_wait();
        story.agent("A").is_offered_the_lead();
    }
    assert_eq!(
        story.agent("A").says("lewati").await["outcome"],
        "ambiguous"
    );
    story.agent("A").is_told("misalnya LEWATI ");
    assert_eq!(story.agent("A").says("ok").await["outcome"], "ambiguous");
    story.agent("A").is_told("misalnya OK ");
    story.nobody_else_was_messaged().await;
}
