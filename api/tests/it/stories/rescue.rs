//! No agent answers: the last round, the managers, another chance.

use super::story::{Story, code_in, minutes, text};
use shared::phone::Phone;
use shared::sales::{self, QueueSettings};

const MANAGER: &str = "081299990001";

async fn with(story: &Story, change: impl FnOnce(&mut QueueSettings)) {
    let queue = sales::queues(&story.harness.app)
        .await
        .expect("queues")
        .remove(0);
    let mut settings = queue.settings;
    change(&mut settings);
    sales::change_queue(&story.harness.app, queue.id, &settings)
        .await
        .expect("a change");
}

/// A client writes and A to F are silent.
async fn nobody_answers(story: &Story) -> String {
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    for label in ["A", "B", "C", "D", "E", "F"] {
        story.agent(label).is_offered_the_lead();
        story.fast_forward(minutes(5)).await;
    }
    lead
}

#[tokio::test]
async fn in_the_last_round_the_first_ok_wins_and_the_others_are_told() {
    let story = Story::begin().await;
    with(&story, |queue| queue.last_round = true).await;
    let lead = nobody_answers(&story).await;
    for label in ["A", "B", "C", "D", "E", "F"] {
        story.agent(label).is_told("REBUTAN");
    }
    assert_eq!(story.agent("D").says("OK").await["outcome"], "accepted");
    story.agent("D").is_told("sekarang milik Anda");
    for label in ["A", "B", "C", "E", "F"] {
        story
            .agent(label)
            .is_told("Sales D sudah menjawab OK lebih dulu");
    }
    assert_eq!(story.agent("A").says("OK").await["outcome"], "late");
    story.agent("A").is_told("Sales D");
    let (status, attempts) = story.standing(&lead).await;
    assert_eq!(status, "claimed");
    assert_eq!(
        attempts
            .iter()
            .filter(|status| *status == "accepted")
            .count(),
        1
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_last_round_that_nobody_answers_ends_hangus_at_its_one_deadline() {
    let story = Story::begin().await;
    with(&story, |queue| queue.last_round = true).await;
    let lead = nobody_answers(&story).await;
    for label in ["A", "B", "C", "D", "E", "F"] {
        story.agent(label).is_told("REBUTAN");
    }
    assert_eq!(story.agent("B").says("lewati").await["outcome"], "declined");
    story.agent("B").is_told("dilewatkan");
    assert_eq!(story.standing(&lead).await.0, "distributing");
    story.fast_forward(minutes(5)).await;
    let (status, attempts) = story.standing(&lead).await;
    assert_eq!(status, "hangus");
    assert_eq!(attempts.len(), 12);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_manager_is_told_of_a_hangus_lead_and_gives_it_to_an_agent() {
    let story = Story::begin().await;
    let phone = Phone::from_human("manager", MANAGER).expect("a number");
    with(&story, |queue| queue.manager_phones = vec![phone]).await;
    let lead = nobody_answers(&story).await;
    let manager = story.client(MANAGER);
    let alert = manager.reads();
    assert!(
        alert.contains("hangus") && alert.contains("A = Sales A, B = Sales B"),
        "{alert}"
    );
    let code = code_in(&alert);

    manager.says("siapa saja?").await;
    manager.is_told("TUGASKAN H12 B");
    manager.says("tugaskan H999999 B").await;
    manager.is_told("Tidak ada lead dengan kode H999999");
    let answer = manager.says(&format!("Tugaskan {code} c")).await;
    assert_eq!(answer["outcome"], "assigned");
    manager.is_told("sudah ditugaskan kepada Sales C");
    story
        .agent("C")
        .is_told("ditugaskan kepada Anda. Segera hubungi +6281234001234");
    manager.says(&format!("Tugaskan {code} d")).await;
    manager.is_told("sudah diambil Sales C");
    let (status, attempts) = story.standing(&lead).await;
    assert_eq!(
        (status.as_str(), attempts.last().map(String::as_str)),
        ("claimed", Some("assigned"))
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_manager_gives_several_leads_in_one_message_and_reads_of_each() {
    let story = Story::begin().await;
    let phone = Phone::from_human("manager", MANAGER).expect("a number");
    with(&story, |queue| queue.manager_phones = vec![phone]).await;
    let manager = story.client(MANAGER);
    let mut codes = Vec::new();
    for number in ["081234001231", "081234001232"] {
        story.client(number).says("Halo").await;
        story.client(number).is_asked_to_wait();
        for label in ["A", "B", "C", "D", "E", "F"] {
            story.agent(label).is_offered_the_lead();
            story.fast_forward(minutes(5)).await;
        }
        codes.push(code_in(&manager.reads()).to_owned());
    }
    let (first, second) = (&codes[0], &codes[1]);
    let words = format!("tugaskan {first} b, {second} c, H999999 a");
    assert_eq!(manager.says(&words).await["outcome"], "assigned");
    let answer = manager.reads();
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!(lines.len(), 3, "{answer}");
    assert!(lines[0].contains("kepada Sales B"), "{answer}");
    assert!(lines[1].contains("kepada Sales C"), "{answer}");
    assert!(lines[2].contains("H999999"), "{answer}");
    story.agent("B").is_told("+6281234001231");
    story.agent("C").is_told("+6281234001232");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_who_was_late_asks_for_another_chance_and_only_the_first_gets_it() {
    let story = Story::begin().await;
    with(&story, |queue| queue.second_chance = true).await;
    let lead = nobody_answers(&story).await;
    assert_eq!(story.agent("A").says("OK").await["outcome"], "late");
    story.agent("A").is_told("balas KESEMPATAN");
    let answer = story.agent("A").says("beri saya kesempatan lagi").await;
    assert_eq!(answer["outcome"], "accepted");
    story.agent("A").is_told("ditugaskan kepada Anda");
    assert_eq!(story.agent("B").says("kesempatan").await["outcome"], "late");
    story.agent("B").is_told("sudah diambil Sales A");
    assert_eq!(story.standing(&lead).await.0, "claimed");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn without_these_settings_hangus_is_as_the_seed_has_it() {
    let story = Story::begin().await;
    let lead = nobody_answers(&story).await;
    assert_eq!(story.standing(&lead).await.0, "hangus");
    assert_eq!(story.agent("A").says("kesempatan").await["outcome"], "late");
    story.agent("A").is_told("terlambat");
    assert_eq!(story.standing(&lead).await.0, "hangus");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_manager_assigns_only_leads_of_their_own_queues_that_can_still_be_taken() {
    let story = Story::begin().await;
    let phone = |typed: &str| Phone::from_human("manager", typed).expect("a number");
    let own = phone(MANAGER);
    with(&story, |queue| queue.manager_phones = vec![own]).await;
    let other = QueueSettings {
        name: "Antrian lain".to_owned(),
        manager_phones: vec![phone("081299990002")],
        ..sales::queues(&story.harness.app)
            .await
            .expect("queues")
            .remove(0)
            .settings
    };
    sales::create_queue(&story.harness.app, &other)
        .await
        .expect("another queue");
    let lead = nobody_answers(&story).await;
    let alert = story.client(MANAGER).reads();
    let code = code_in(&alert);
    let stranger = story.client("081299990002");
    stranger.says(&format!("Tugaskan {code} C")).await;
    stranger.is_told(&format!("Tidak ada lead dengan kode {code}"));
    // An admin closes the lead: it cannot be taken any more.
    let path = format!("/api/leads/{lead}/status");
    let closed = serde_json::json!({ "status": "closed" });
    let (status, told) = story
        .send_as("admin", poem::http::Method::PATCH, &path, &closed)
        .await;
    assert_eq!(status, 200, "{told}");
    story
        .client(MANAGER)
        .says(&format!("Tugaskan {code} C"))
        .await;
    story
        .client(MANAGER)
        .is_told(&format!("Tidak ada lead dengan kode {code}"));
    assert_eq!(story.standing(&lead).await.0, "closed");
    story.nobody_else_was_messaged().await;
}
