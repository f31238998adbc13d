//! Agents who are away: breaks, days off, hours, caps; and leads that wait for the morning.

use super::story::{Story, minutes, text};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use shared::availability::{self, Availability, Hours, Leave};
use shared::distribution::CycleStatus;
use shared::id::UserId;
use shared::local_time::Timezone;

fn office_hours() -> Vec<Hours> {
    let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    (1..=5)
        .map(|weekday| Hours {
            weekday,
            opens: at(9),
            closes: at(17),
        })
        .collect()
}

pub(super) async fn set(story: &Story, labels: &[&str], availability: Availability) {
    for label in labels {
        let agent = UserId(format!("sales-{}", label.to_lowercase()));
        availability::set(&story.harness.app, &agent, &availability)
            .await
            .expect("set");
    }
    story.workers_catch_up().await;
}

pub(super) fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

const EVERYBODY: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

#[tokio::test]
async fn at_night_leads_are_held_and_the_morning_releases_them_one_after_the_other() {
    let story = Story::begin().await;
    let office = Availability {
        hours: office_hours(),
        ..Availability::default()
    };
    set(&story, &EVERYBODY, office).await;
    story
        .harness
        .app
        .clock
        .set(time("2026-01-05T20:00:00+07:00"));
    let mut leads = Vec::new();
    for number in 0..3 {
        let typed = format!("08123400000{number}");
        let answer = story.client(&typed).says("Halo").await;
        assert_eq!(answer["outcome"], "held");
        leads.push(text(&answer["lead"]["id"]));
        story.client(&typed).is_asked_to_wait();
    }
    let resume: Vec<String> = {
        let mut times = Vec::new();
        for lead in &leads {
            times.push(text(&story.journey(lead).await["cycles"][0]["resumeAt"]));
        }
        times
    };
    assert_eq!(resume[0], "2026-01-06T02:00:00.000000Z", "09:00 WIB");
    assert_eq!(resume[1], "2026-01-06T02:00:20.000000Z", "the stagger");
    assert_eq!(resume[2], "2026-01-06T02:00:40.000000Z");

    story
        .fast_forward(time("2026-01-06T02:00:00Z") - story.now())
        .await;
    story.agent("A").is_offered_the_lead();
    story.fast_forward(TimeDelta::seconds(19)).await;
    assert_eq!(
        story.standing(&leads[1]).await.1,
        Vec::<String>::new(),
        "not yet"
    );
    story.fast_forward(TimeDelta::seconds(21)).await;
    story.agent("A").is_offered_the_lead();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_offer_that_runs_at_closing_time_finishes_and_then_the_lead_waits_for_the_morning() {
    let story = Story::begin().await;
    let office = Availability {
        hours: office_hours(),
        ..Availability::default()
    };
    set(&story, &EVERYBODY, office).await;
    story
        .harness
        .app
        .clock
        .set(time("2026-01-05T16:58:00+07:00"));
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(minutes(5)).await;
    let journey = story.journey(&lead).await;
    assert_eq!(journey["cycles"][0]["status"], "held");
    assert_eq!(
        journey["cycles"][0]["resumeAt"],
        "2026-01-06T02:00:00.000000Z"
    );
    story.fast_forward(TimeDelta::hours(16)).await;
    // A had their five minutes yesterday.
    story.agent("B").is_offered_the_lead();
    let (_, attempts) = story.standing(&lead).await;
    assert_eq!(attempts, ["timed_out", "open"]);
    assert_eq!(journey["cycles"][0]["attempts"][0]["position"], 1);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_on_leave_or_in_another_zone_is_passed_over_until_they_are_back() {
    let story = Story::begin().await;
    let today = "2026-01-05".parse().expect("a day");
    let leave = Availability {
        leave: vec![Leave {
            first_day: today,
            last_day: today,
        }],
        ..Availability::default()
    };
    set(&story, &["A"], leave).await;
    // 09:00 in Jakarta is 11:00 in Jayapura: B has been at work for two hours; in WITA it is ten.
    let bali = Availability {
        timezone: Timezone::Makassar,
        hours: office_hours(),
        ..Availability::default()
    };
    set(&story, &["B"], bali).await;
    story
        .harness
        .app
        .clock
        .set(time("2026-01-05T08:30:00+07:00"));
    story.client("081234001234").says("Halo").await;
    story.client("081234001234").is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    story.agent("B").says("OK").await;
    story.agent("B").is_told("sekarang milik Anda");
    story
        .harness
        .app
        .clock
        .set(time("2026-01-06T00:00:00+07:00"));
    story.client("081234001235").says("Halo").await;
    story.client("081234001235").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn caps_of_a_day_and_of_open_leads_are_kept_even_by_leads_that_come_at_once() {
    let story = Story::begin().await;
    set(
        &story,
        &["A"],
        Availability {
            most_a_day: Some(2),
            ..Availability::default()
        },
    )
    .await;
    set(
        &story,
        &["B"],
        Availability {
            most_open: Some(1),
            ..Availability::default()
        },
    )
    .await;
    let ads: Vec<_> = (0..5)
        .map(|n| shared::testing::ad(&n.to_string(), &format!("08123400000{n}")))
        .collect();
    let taken = ads
        .iter()
        .map(|ad| shared::distribution::take_ad(&story.harness.app, ad));
    for taken in futures::future::join_all(taken).await {
        taken.expect("taken");
    }
    let offered: Vec<(String, i64)> = sqlx::query_as(
        "select sales_id, count(*) from distribution_attempt group by sales_id order by sales_id",
    )
    .fetch_all(&story.harness.app.pool)
    .await
    .expect("a count");
    let count = |agent: &str, count| (agent.to_owned(), count);
    assert_eq!(
        offered,
        [
            count("sales-a", 2),
            count("sales-b", 1),
            count("sales-c", 2)
        ]
    );
    story.workers_catch_up().await;
    for label in ["A", "A", "B", "C", "C"] {
        story.agent(label).is_offered_the_lead();
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn with_everybody_on_a_break_a_lead_waits_and_the_first_who_is_back_gets_it() {
    let story = Story::begin().await;
    for label in EVERYBODY {
        story.agent(label).says("istirahat").await;
        story.agent(label).is_told("istirahat");
    }
    let client = story.client("081234001234");
    let answer = client.says("Halo").await;
    assert_eq!(answer["outcome"], "held");
    client.is_asked_to_wait();
    story.agent("D").says("siap kerja").await;
    story.agent("D").is_told("Selamat bekerja");
    story.agent("D").is_offered_the_lead();
    let lead = serde_json::from_value(answer["lead"]["id"].clone()).expect("an id");
    let journey = shared::distribution::journey(&story.harness.app, lead)
        .await
        .expect("it");
    assert_eq!(journey.cycles[0].cycle.status, CycleStatus::Open);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_asks_for_help_and_where_they_stand() {
    let story = Story::begin().await;
    assert_eq!(story.agent("B").says("Bantuan").await["outcome"], "help");
    story.agent("B").is_told("ISTIRAHAT untuk berhenti");
    story.client("081234001234").says("Halo").await;
    story.client("081234001234").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    assert_eq!(story.agent("A").says("antrian").await["outcome"], "queue");
    story
        .agent("A")
        .is_told("Antrian utama: tempat 1 dari 6 (A)\nPenawaran terbuka: 1\n1. A");
    story.agent("B").says("antrian").await;
    story
        .agent("B")
        .is_told("Antrian utama: tempat 2 dari 6 (B)\nPenawaran terbuka: 0");
    story.nobody_else_was_messaged().await;
}

/// Both agents of a queue of two.
async fn only_a_and_b(story: &Story) {
    sqlx::query("update sales_queue set active = label in ('A', 'B')")
        .execute(&story.harness.app.pool)
        .await
        .expect("a small queue");
}

/// A queue of A and B, who work in office hours.
async fn a_and_b_in_office_hours(story: &Story) {
    only_a_and_b(story).await;
    let office = Availability {
        hours: office_hours(),
        ..Availability::default()
    };
    set(story, &["A", "B"], office).await;
}

/// The sweep of the workers, and then their jobs.
async fn sweep(story: &Story) {
    shared::distribution::release_held(&story.harness.app)
        .await
        .expect("a look");
    story.workers_catch_up().await;
}

#[tokio::test]
async fn agents_who_are_back_before_their_hours_take_the_held_lead_when_they_open() {
    let story = Story::begin().await;
    a_and_b_in_office_hours(&story).await;
    let clock = &story.harness.app.clock;
    clock.set(time("2026-01-06T08:00:00+07:00"));
    for label in ["A", "B"] {
        story.agent(label).says("istirahat").await;
        story.agent(label).is_told("istirahat");
    }
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    let held = &story.journey(&lead).await["cycles"][0];
    assert_eq!(held["status"], "held");
    assert!(held["resumeAt"].is_null(), "nobody said when they are back");
    // Seconds before nine both are back.
    clock.set(time("2026-01-06T08:59:50+07:00"));
    for label in ["A", "B"] {
        story.agent(label).says("siap kerja").await;
        story
            .agent(label)
            .is_told("mulai Selasa, 6 Januari pukul 09:00 WIB");
    }
    assert_eq!(
        story.journey(&lead).await["cycles"][0]["resumeAt"],
        "2026-01-06T02:00:00.000000Z",
        "the changed time is written"
    );
    story.fast_forward(TimeDelta::seconds(10)).await;
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_break_that_gets_an_end_or_an_earlier_end_releases_the_lead_then() {
    let story = Story::begin().await;
    only_a_and_b(&story).await;
    for label in ["A", "B"] {
        story.agent(label).says("istirahat").await;
        story.agent(label).is_told("istirahat");
    }
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    let paused_until = |minutes| Availability {
        paused_since: Some(story.now()),
        paused_until: Some(story.now() + TimeDelta::minutes(minutes)),
        ..Availability::default()
    };
    set(&story, &["A"], paused_until(60)).await;
    let resume = text(&story.journey(&lead).await["cycles"][0]["resumeAt"]);
    assert_eq!(resume, "2026-01-05T03:00:00.000000Z");
    set(&story, &["B"], paused_until(20)).await;
    let resume = text(&story.journey(&lead).await["cycles"][0]["resumeAt"]);
    assert_eq!(resume, "2026-01-05T02:20:00.000000Z", "earlier");
    story.fast_forward(TimeDelta::minutes(20)).await;
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_whose_capacity_is_freed_gets_the_lead_that_waits() {
    let story = Story::begin().await;
    sqlx::query("update sales_queue set active = label = 'A'")
        .execute(&story.harness.app.pool)
        .await
        .expect("a small queue");
    let one = Availability {
        most_open: Some(1),
        ..Availability::default()
    };
    set(&story, &["A"], one).await;
    let (first, second) = (story.client("081234001234"), story.client("081234001235"));
    first.says("Halo").await;
    first.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let lead = text(&second.says("Halo").await["lead"]["id"]);
    second.is_asked_to_wait();
    assert_eq!(story.journey(&lead).await["cycles"][0]["status"], "held");
    // The first offer is passed on: nobody is left, that lead is hangus, and A is free.
    story.agent("A").says("lewati").await;
    story.agent("A").is_told("dilewatkan");
    story.time_passes_without_workers(TimeDelta::seconds(15));
    sweep(&story).await;
    story.agent("A").is_offered_the_lead();
    assert_eq!(story.standing(&lead).await.1, ["open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_held_lead_for_which_nobody_is_left_to_wait_goes_hangus() {
    let story = Story::begin().await;
    a_and_b_in_office_hours(&story).await;
    story
        .harness
        .app
        .clock
        .set(time("2026-01-05T16:58:00+07:00"));
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(minutes(5)).await;
    assert_eq!(story.journey(&lead).await["cycles"][0]["status"], "held");
    // B, for whom the lead waits until the morning, takes a break without an end.
    story.agent("B").says("istirahat").await;
    story.agent("B").is_told("istirahat");
    story.time_passes_without_workers(TimeDelta::seconds(15));
    sweep(&story).await;
    assert_eq!(story.standing(&lead).await.0, "hangus");
    story.nobody_else_was_messaged().await;
}
