//! With `DISTRIBUTION_MASK_OFFERS`, only the agent who claims learns how to reach a client.

use super::story::{Story, minutes};
use serde_json::json;

#[tokio::test]
async fn an_offer_hides_the_client_and_the_claimer_gets_everything() {
    let story = Story::begin_masked().await;
    let ad = json!({
        "metaLeadId": "1", "name": "Rina Wati", "phone": "081234001234", "project": "Villa",
        "area": "Ubud", "sourceAds": "Iklan 0811222333"
    });
    story.post("/webhooks/meta/leads", &ad).await;
    story
        .client("081234001234")
        .says("WA saya 0899-123, rina@contoh.id")
        .await;
    story.client("081234001234").is_asked_to_wait();
    let offer = story.agent("A").reads();
    for shown in ["R*** W***", "Villa", "Ubud", "Iklan ••••••••••"] {
        assert!(offer.contains(shown), "{shown} in {offer}");
    }
    story.fast_forward(minutes(5)).await;
    let offer = story.agent("B").reads();
    assert!(offer.contains("WA saya ••••-•••"), "{offer}");
    assert_eq!(story.agent("A").says("OK").await["outcome"], "late");
    story.agent("A").is_told("R*** W***");
    story.agent("B").says("OK").await;
    story
        .agent("B")
        .is_told("Rina Wati sekarang milik Anda. Segera hubungi +6281234001234");
    story.nobody_else_was_messaged().await;
}
