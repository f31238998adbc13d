//! Thaw against claim and roll, and several workers at the same held leads, by the database's clock.

use futures::future::join_all;
use shared::distribution::{self, Breach, Cause, Outcome};
use shared::testing::{Harness, ad, ok_of, trials};
use sqlx::Row;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_of_a_thaw_a_claim_and_a_roll_leaves_one_owner_or_an_offer_with_a_future() {
    let harness = Harness::on_database_clock().await;
    let app = &harness.app;
    let (mut claimed, rounds) = (0, trials(300, 5_000));
    for round in 0..rounds {
        let ad = ad(
            &format!("thaw-{round}"),
            &format!("+62812{:08}", 10_000_000 + round),
        );
        let report = distribution::take_ad(app, &ad).await.expect("taken");
        let (lead, attempt) = (
            report.lead.expect("a lead"),
            report.attempt.expect("an offer"),
        );
        // The freeze began before the deadline, which has passed.
        sqlx::query(
            "with offer as (update distribution_attempt
                            set assigned_at = clock_timestamp() - interval '6 minutes',
                                ack_deadline_at = clock_timestamp() - interval '1 second' where id = $1)
             insert into provider_health (provider, failures, failing_since, frozen_since, reason)
             values ('dummy', 3, clock_timestamp(), clock_timestamp() - interval '2 minutes', 'a test')
             on conflict (provider) do update set failures = 3, failing_since = clock_timestamp(),
                 frozen_since = clock_timestamp() - interval '2 minutes', reason = 'a test'",
        )
        .bind(attempt.0)
        .execute(&app.pool)
        .await
        .expect("a freeze");
        sqlx::query("delete from apalis.jobs")
            .execute(&app.pool)
            .await
            .expect("no message waits");
        let claim = async {
            distribution::receive_and_handle(app, &ok_of("A"))
                .await
                .expect("heard")
                .outcome
        };
        let roll = async {
            distribution::check_deadline(app, attempt, Cause::Alarm)
                .await
                .expect("checked")
        };
        let thaw = async { distribution::audit(app, false).await.expect("an audit") };
        let (outcome, _, _) = tokio::join!(claim, roll, thaw);
        let row = sqlx::query(
            "select l.owner_sales_id = 'sales-a', a.status,
                    (select count(*) from distribution_attempt b where b.cycle_id = a.cycle_id)
             from distribution_attempt a, lead l where a.id = $1 and l.id = $2",
        )
        .bind(attempt.0)
        .bind(lead.0)
        .fetch_one(&app.pool)
        .await
        .expect("the offer");
        let (owned, status, offers): (Option<bool>, String, i64) =
            (row.get(0), row.get(1), row.get(2));
        // Held by the freeze or given a new window by the thaw: in time either way, and never rolled.
        assert_eq!(
            (outcome, owned, status.as_str(), offers),
            (Outcome::Accepted, Some(true), "accepted", 1),
            "round {round}"
        );
        // Otherwise each audit would enqueue the messages of all rounds again whose jobs are deleted.
        sqlx::query("delete from wa_message")
            .execute(&app.pool)
            .await
            .expect("no message waits");
        claimed += 1;
    }
    println!("{rounds} thaws: {claimed} claims counted, no roll");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_of_four_workers_releases_every_held_lead_once() {
    let harness = Harness::on_database_clock().await;
    let app = &harness.app;
    sqlx::query("update distribution_queue set release_stagger_seconds = 0")
        .execute(&app.pool)
        .await
        .expect("no stagger");
    let (rounds, leads) = (trials(5, 100), 20);
    for round in 0..rounds {
        sqlx::query("update sales_queue set active = false")
            .execute(&app.pool)
            .await
            .expect("an edit");
        for lead in 0..leads {
            let number = round * leads + lead;
            let ad = ad(
                &format!("held-{number}"),
                &format!("+62812{:08}", 10_000_000 + number),
            );
            assert_eq!(
                distribution::take_ad(app, &ad)
                    .await
                    .expect("taken")
                    .outcome,
                Outcome::Held
            );
        }
        sqlx::query("update sales_queue set active = true")
            .execute(&app.pool)
            .await
            .expect("an edit");
        let mut released = 0;
        while released < leads {
            let looks = join_all((0..4).map(|_| distribution::reconsider_held(app))).await;
            let looked: usize = looks.into_iter().map(|one| one.expect("released")).sum();
            released += looked;
        }
        assert_eq!(released, leads, "round {round}");
    }
    let twice: i64 = sqlx::query_scalar(
        "select count(*) from (select cycle_id from distribution_attempt group by cycle_id having count(*) <> 1) odd",
    )
    .fetch_one(&app.pool)
    .await
    .expect("a count");
    assert_eq!(twice, 0);
    let mut breaches = distribution::audit(app, false).await.expect("an audit");
    // Nothing is sent here, and all rounds can take longer than an offer may wait for that.
    breaches.retain(|breach| !matches!(breach, Breach::Unsent(_)));
    assert_eq!(breaches, []);
    println!(
        "{} held leads, four workers: each released once",
        rounds * leads
    );
}
