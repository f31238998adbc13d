//! A word a day: what each manager reads of their queues.

use super::story::{Story, minutes};
use chrono::{DateTime, NaiveTime, TimeDelta};
use shared::distribution;
use shared::phone::Phone;
use shared::sales;

const MANAGER: &str = "081199990001";

/// A story whose default queue has a manager, with summaries at six in the evening.
async fn begin() -> Story {
    let mut story = Story::begin().await;
    story.harness.app.summary_at = NaiveTime::from_hms_opt(18, 0, 0);
    let app = &story.harness.app;
    let queue = sales::queues(app).await.expect("queues").remove(0);
    let mut settings = queue.settings;
    settings.manager_phones = vec![Phone::from_human("manager", MANAGER).expect("a number")];
    sales::change_queue(app, queue.id, &settings)
        .await
        .expect("a change");
    story
}

async fn plan(story: &Story) {
    distribution::plan_summary(&story.harness.app)
        .await
        .expect("a job");
}

#[tokio::test]
async fn at_six_the_manager_reads_what_the_day_was_once() {
    let story = begin().await;
    for number in ["081234001231", "081234001232"] {
        let client = story.client(number);
        client.says("Halo").await;
        client.is_asked_to_wait();
        story.agent("A").is_offered_the_lead();
        if number.ends_with('1') {
            story.agent("A").says("OK").await;
            story.agent("A").is_told("sekarang milik Anda");
        }
    }
    story.fast_forward(minutes(31)).await;
    for label in ["B", "C", "D", "E", "F"] {
        story.agent(label).is_offered_the_lead();
    }
    story.client(MANAGER).is_told("hangus");
    // Planned by every worker, and sent once.
    plan(&story).await;
    plan(&story).await;
    let six = DateTime::parse_from_rfc3339("2026-01-05T18:00:01+07:00").expect("a time");
    story.fast_forward(six.to_utc() - story.now()).await;
    let manager = story.client(MANAGER);
    let summary = manager.reads();
    for line in [
        "Ringkasan Senin, 5 Januari\n",
        "\nLead: 2\n",
        "\nDiambil: 1 (1 dalam 5 menit)\n",
        "\nHangus: 1\n",
        "\nYang hangus: B",
        "\nMenunggu: 0\n",
        "\nPaling sering diam: Sales A (1)\n",
    ] {
        assert!(summary.contains(line), "{line} in {summary}");
    }
    // A Monday: the week before, too.
    manager.is_told("Ringkasan minggu Senin, 29 Desember sampai Minggu, 4 Januari");
    distribution::send_summary(&story.harness.app, six.date_naive())
        .await
        .expect("the second run does nothing");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn one_word_shows_it_now_and_one_switches_it_off_and_on() {
    let story = begin().await;
    let manager = story.client(MANAGER);
    manager.says("ringkasan").await;
    manager.is_told("Ringkasan Senin, 5 Januari\nLead: 0");
    manager.says("Ringkasan off").await;
    manager.is_told("tidak dikirim lagi");
    plan(&story).await;
    story.fast_forward(TimeDelta::hours(12)).await;
    manager.says("ringkasan on").await;
    manager.is_told("dikirim setiap hari");
    plan(&story).await;
    story.fast_forward(TimeDelta::hours(24)).await;
    manager.is_told("Ringkasan Selasa, 6 Januari");
    story.nobody_else_was_messaged().await;
}
