//! Shares of a queue that takes turns, with fifty clients at once and agents who come and go.

use chrono::{DateTime, Utc};
use futures::future::join_all;
use rand::RngExt;
use shared::availability::{self, Availability};
use shared::distribution::{self, Strategy};
use shared::id::UserId;
use shared::sales::{self, Place, QueueSettings};
use shared::testing::{Harness, ad, trials};
use std::collections::HashMap;

const LABELS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];
const AT_ONCE: usize = 50;

fn agent(label: &str) -> UserId {
    UserId(format!("sales-{}", label.to_lowercase()))
}

async fn weighted(harness: &Harness, weights: [i32; 6]) {
    let app = &harness.app;
    let queue = sales::queues(app).await.expect("queues").remove(0);
    let settings = QueueSettings {
        strategy: Strategy::Weighted,
        most_turns_owed: None,
        ..queue.settings
    };
    sales::change_queue(app, queue.id, &settings)
        .await
        .expect("a change");
    let places = LABELS.iter().zip(weights).map(|(label, weight)| Place {
        sales_id: agent(label),
        label: (*label).to_owned(),
        active: true,
        weight,
        owed_thousandths: 0,
    });
    sales::set_places(app, queue.id, &places.collect::<Vec<_>>(), None)
        .await
        .expect("places");
}

/// Fifty new clients at once.
async fn wave(harness: &Harness, number: usize) {
    let ads: Vec<_> = (0..AT_ONCE)
        .map(|n| {
            ad(
                &format!("{number}-{n}"),
                &format!("+62812{:08}", 10_000_000 + number * AT_ONCE + n),
            )
        })
        .collect();
    let taken = join_all(ads.iter().map(|ad| distribution::take_ad(&harness.app, ad))).await;
    for one in taken {
        one.expect("taken");
    }
}

async fn offers(harness: &Harness) -> HashMap<String, i64> {
    sqlx::query_as("select sales_id, count(*) from distribution_attempt group by sales_id")
        .fetch_all(&harness.app.pool)
        .await
        .expect("counts")
        .into_iter()
        .collect()
}

/// How far the worst-off agent is from their share, in offers.
fn worst(offers: &HashMap<String, i64>, weights: [i32; 6]) -> f64 {
    let leads: i64 = offers.values().sum();
    let total: i32 = weights.iter().sum();
    let distance = LABELS.iter().zip(weights).map(|(label, weight)| {
        let had = offers.get(&agent(label).0).copied().unwrap_or(0);
        let share =
            f64::from(weight) * f64::from(i32::try_from(leads).expect("few")) / f64::from(total);
        (f64::from(i32::try_from(had).expect("few")) - share).abs()
    });
    distance.fold(0.0, f64::max)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_of_fifty_clients_at_once_leaves_every_share_within_one_offer() {
    let harness = Harness::on_database_clock().await;
    let weights = [3, 1, 2, 1, 1, 4];
    weighted(&harness, weights).await;
    let waves = trials(4, 40);
    for number in 0..waves {
        wave(&harness, number).await;
        let worst = worst(&offers(&harness).await, weights);
        assert!(
            worst <= 1.0,
            "after {} leads somebody is {worst} offers from their share",
            (number + 1) * AT_ONCE
        );
    }
    let worst = worst(&offers(&harness).await, weights);
    println!(
        "{} leads, {AT_ONCE} at once: the worst share is {worst:.2} offers off",
        waves * AT_ONCE
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_of_clients_while_agents_come_and_go_ends_with_every_debt_paid() {
    let harness = Harness::on_database_clock().await;
    let weights = [1, 1, 2, 1, 1, 1];
    weighted(&harness, weights).await;
    let waves = trials(4, 30);
    let mut furthest: f64 = 0.0;
    for number in 0..waves {
        let absent: Vec<&str> = LABELS
            .into_iter()
            .filter(|label| *label != "A" && rand::rng().random_bool(0.3))
            .collect();
        for label in LABELS {
            let a_while_ago = DateTime::<Utc>::UNIX_EPOCH;
            let paused_since = absent.contains(&label).then_some(a_while_ago);
            let availability = Availability {
                paused_since,
                ..Availability::default()
            };
            availability::set(&harness.app, &agent(label), &availability)
                .await
                .expect("set");
        }
        wave(&harness, number).await;
        furthest = furthest.max(worst(&offers(&harness).await, weights));
    }
    for label in LABELS {
        availability::set(&harness.app, &agent(label), &Availability::default())
            .await
            .expect("set");
    }
    // An agent who was away comes first until their credit is used.
    let mut number = waves;
    while worst(&offers(&harness).await, weights) > 1.0 {
        assert!(
            number < waves * 12,
            "debts are not paid: {:?}",
            offers(&harness).await
        );
        wave(&harness, number).await;
        number += 1;
    }
    println!(
        "{waves} waves with absences: at most {furthest:.1} offers from a share; paid after {} more",
        number - waves
    );
}
