//! Claim against roll, on real connections by the database's clock.

use futures::future::join_all;
use rand::RngExt;
use shared::App;
use shared::distribution::{self, Cause, Channel, Checked, InboundMessage, Outcome, Tap};
use shared::id::{AttemptId, LeadId, UserId};
use shared::phone::Phone;
use shared::testing::{Harness, ad, ok_of, trials};
use sqlx::Row;
use std::time::Duration;
use tokio::time::sleep;

/// How far ahead of the trial its deadline lies: both sides reach it within a few milliseconds.
const AHEAD_MS: f64 = 4.0;
/// How close to the deadline a roll is tried without a pause.
const CLOSE: Duration = Duration::from_millis(2);
/// How many trials go on at once.
const LANES: usize = 4;

#[derive(Debug, PartialEq, Eq)]
enum Winner {
    Claim,
    Roll,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_of_claim_and_roll_has_one_winner_whatever_interleaves() {
    let rounds = trials(2_000, 16_000);
    // Companies of their own, so that a trial waits for its deadline while others are at work.
    let lanes = (0..LANES).map(|_| lane(rounds / LANES));
    let (claims, rolls): (Vec<usize>, Vec<usize>) = join_all(lanes).await.into_iter().unzip();
    let (claims, rolls): (usize, usize) = (claims.iter().sum(), rolls.iter().sum());
    println!("{rounds} trials: {claims} claimed, {rolls} rolled");
    assert!(
        claims > rounds / 50,
        "only {claims} of {rounds} were claimed"
    );
    assert!(rolls > rounds / 50, "only {rolls} of {rounds} were rolled");
}

/// Runs trials one after the other on their own database; returns how many each side won. Who loses has it easier in the next
/// trial, so that both win on a slow machine, too.
async fn lane(rounds: usize) -> (usize, usize) {
    let harness = Harness::on_database_clock().await;
    harness.accept_offers_at_once().await;
    let (mut claims, mut rolls) = (0, 0);
    let mut ahead = AHEAD_MS;
    for round in 0..rounds {
        match trial(&harness, round, ahead).await {
            Winner::Claim => {
                claims += 1;
                ahead = (ahead * 0.9).max(1.0);
            }
            Winner::Roll => {
                rolls += 1;
                ahead = (ahead * 1.1).min(1_000.0);
            }
        }
    }
    (claims, rolls)
}

async fn trial(harness: &Harness, round: usize, ahead: f64) -> Winner {
    let (lead, attempt) = offer_due_in(harness, round, ahead).await;
    let pause = Duration::from_secs_f64(rand::rng().random_range(0.0..ahead / 1000.0));
    let claim = async {
        sleep(pause).await;
        // Every other answer is a tap on the screen.
        if round % 2 == 1 {
            return taps(&harness.app, "sales-a", attempt).await;
        }
        let word = distribution::receive(&harness.app, &ok_of("A"))
            .await
            .expect("received");
        distribution::handle(&harness.app, word)
            .await
            .expect("heard")
            .outcome
    };
    let roll = async {
        loop {
            match distribution::check_deadline(&harness.app, attempt, Cause::Alarm)
                .await
                .expect("checked")
            {
                // Close to the deadline it asks again and again, and before that it leaves the processors to the others.
                Checked::NotDue(wait) => sleep(wait.saturating_sub(CLOSE)).await,
                Checked::Rolled(_) => return true,
                Checked::Over | Checked::Frozen | Checked::NotSent(_) => return false,
            }
        }
    };
    let (outcome, rolled) = tokio::join!(claim, roll);
    let winner = referee(harness, lead).await;
    let expected = if winner == Winner::Claim {
        (Outcome::Accepted, false)
    } else {
        (Outcome::Late, true)
    };
    assert_eq!((outcome, rolled), expected, "round {round}");
    winner
}

/// The agent takes the lead on the screen.
async fn taps(app: &App, agent: &str, attempt: AttemptId) -> Outcome {
    let agent = UserId(agent.to_owned());
    let tapped = distribution::tap(app, &agent, attempt, Tap::Take).await;
    tapped.expect("heard").0.outcome
}

/// A lead offered to Sales A, whose deadline is a few milliseconds from now.
async fn offer(harness: &Harness, round: usize) -> (LeadId, AttemptId) {
    offer_due_in(harness, round, AHEAD_MS).await
}

/// An offer to Sales A whose deadline comes in so many milliseconds.
async fn offer_due_in(harness: &Harness, round: usize, ahead: f64) -> (LeadId, AttemptId) {
    let phone = format!("+62812{:08}", 10_000_000 + round);
    let ad = ad(&format!("race-{round}"), &phone);
    let report = distribution::take_ad(&harness.app, &ad)
        .await
        .expect("taken");
    let (lead, attempt) = (
        report.lead.expect("a lead"),
        report.attempt.expect("an offer"),
    );
    sqlx::query(
        "update distribution_attempt set ack_deadline_at = clock_timestamp() + $2 * interval '1 millisecond'
         where id = $1",
    )
    .bind(attempt.0)
    .bind(ahead)
    .execute(&harness.app.pool)
    .await
    .expect("a deadline");
    (lead, attempt)
}

/// Reads who won, and that the loser left no trace.
async fn referee(harness: &Harness, lead: LeadId) -> Winner {
    let row = sqlx::query(
        "select l.status, l.owner_sales_id, c.status,
                array(select a.sales_id || ' ' || a.status from distribution_attempt a
                      where a.cycle_id = c.id order by a.position),
                (select m.created_at < a.ack_deadline_at
                 from wa_message m join distribution_attempt a on a.id = m.attempt_id
                 where m.lead_id = l.id and m.direction = 'in' and a.position = 1)
         from lead l join distribution_cycle c on c.lead_id = l.id where l.id = $1",
    )
    .bind(lead.0)
    .fetch_one(&harness.app.pool)
    .await
    .expect("one cycle");
    let status: String = row.get(0);
    let owner: Option<String> = row.get(1);
    let cycle: String = row.get(2);
    let attempts: Vec<String> = row.get(3);
    let received_in_time: bool = row.get(4);
    match (status.as_str(), owner.as_deref(), cycle.as_str()) {
        ("claimed", Some("sales-a"), "accepted") => {
            assert_eq!(attempts, ["sales-a accepted"]);
            assert!(received_in_time, "a late OK won");
            Winner::Claim
        }
        ("distributing", None, "open") => {
            assert_eq!(attempts, ["sales-a timed_out", "sales-b open"]);
            // To the microsecond: the message that was received before the deadline wins.
            assert!(!received_in_time, "an OK in time lost");
            Winner::Roll
        }
        other => panic!("nobody, or more than one, holds the lead: {other:?} {attempts:?}"),
    }
}

/// A's OK was in time and is handled after the roll, while B answers too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_of_an_ok_heard_late_and_the_next_agents_ok_has_one_winner() {
    let harness = Harness::on_database_clock().await;
    harness.accept_offers_at_once().await;
    let app = &harness.app;
    let rounds = trials(300, 5_000);
    let mut earlier_won = 0;
    for round in 0..rounds {
        let (lead, attempt) = offer(&harness, round).await;
        while matches!(
            distribution::check_deadline(app, attempt, Cause::Alarm).await,
            Ok(Checked::NotDue(_))
        ) {
            tokio::task::yield_now().await;
        }
        let sent_at: chrono::DateTime<chrono::Utc> = sqlx::query_scalar(
            "select ack_deadline_at - interval '1 millisecond' from distribution_attempt where id = $1",
        )
        .bind(attempt.0)
        .fetch_one(&app.pool)
        .await
        .expect("a deadline");
        let says = |label: &str, sent_at| {
            let word = InboundMessage {
                sent_at,
                ..ok_of(label)
            };
            let pause = Duration::from_micros(rand::rng().random_range(0..2_000));
            async move {
                sleep(pause).await;
                let id = distribution::receive(app, &word).await.expect("received");
                distribution::handle(app, id).await.expect("heard").outcome
            }
        };
        let next: AttemptId = sqlx::query_scalar(
            "select a.id from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
             where c.lead_id = $1 and a.status = 'open'",
        )
        .bind(lead.0)
        .fetch_one(&app.pool)
        .await
        .map(AttemptId)
        .expect("the next offer");
        let next_agent = async {
            if round % 2 == 1 {
                taps(app, "sales-b", next).await
            } else {
                says("B", None).await
            }
        };
        let outcomes = tokio::join!(says("A", Some(sent_at)), next_agent);
        let attempts: Vec<String> = sqlx::query_scalar(
            "select a.sales_id || ' ' || a.status || ' ' || (l.owner_sales_id = a.sales_id)::text
             from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
             join lead l on l.id = c.lead_id
             where l.id = $1 and c.status = 'accepted' and l.status = 'claimed' order by a.position",
        )
        .bind(lead.0)
        .fetch_all(&app.pool)
        .await
        .expect("the attempts");
        let expected = match outcomes {
            (Outcome::Accepted, Outcome::Late) => {
                earlier_won += 1;
                ["sales-a accepted true", "sales-b withdrawn false"]
            }
            (Outcome::Late, Outcome::Accepted) => {
                ["sales-a timed_out false", "sales-b accepted true"]
            }
            other => panic!("nobody, or both: {other:?} {attempts:?}"),
        };
        assert_eq!(attempts, expected, "round {round}");
    }
    println!("{rounds} trials: the earlier OK won {earlier_won}");
    assert!(earlier_won > rounds / 50 && earlier_won < rounds - rounds / 50);
}

/// The provider comes back just as an OK and an alarm come, all after the deadline.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_of_a_thaw_with_an_ok_and_an_alarm_loses_neither_the_ok_nor_the_offer() {
    let harness = Harness::on_database_clock().await;
    harness.accept_offers_at_once().await;
    let app = &harness.app;
    for round in 0..trials(200, 3_000) {
        let (lead, attempt) = offer(&harness, round).await;
        sqlx::query(
            "insert into provider_health (provider, failures, failing_since, frozen_since, reason)
             select 'dummy', 3, began, began, 'a test'
             from (select ack_deadline_at - interval '1 millisecond' as began
                   from distribution_attempt where id = $1) offer
             on conflict (provider) do update set failures = 3, failing_since = excluded.failing_since,
                 frozen_since = excluded.frozen_since",
        )
        .bind(attempt.0)
        .execute(&app.pool)
        .await
        .expect("a freeze");
        sleep(Duration::from_secs_f64(AHEAD_MS / 1000.0)).await;
        let pause = || sleep(Duration::from_micros(rand::rng().random_range(0..3_000)));
        let (ok_after, alarm_after) = (pause(), pause());
        let says_ok = async {
            ok_after.await;
            let id = distribution::receive(app, &ok_of("A"))
                .await
                .expect("received");
            distribution::handle(app, id).await.expect("heard").outcome
        };
        let alarm = async {
            alarm_after.await;
            distribution::check_deadline(app, attempt, Cause::Alarm)
                .await
                .expect("checked")
        };
        // The offer that is sent now is the success that ends the freeze.
        let sent = distribution::forward(app, attempt);
        let (outcome, checked, sent) = tokio::join!(says_ok, alarm, sent);
        sent.expect("sent");
        assert_eq!(outcome, Outcome::Accepted, "round {round}");
        assert!(
            !matches!(checked, Checked::Rolled(_)),
            "round {round}: {checked:?}"
        );
        let attempts: Vec<String> = sqlx::query_scalar(
            "select a.sales_id || ' ' || a.status from distribution_attempt a
             join distribution_cycle c on c.id = a.cycle_id where c.lead_id = $1",
        )
        .bind(lead.0)
        .fetch_all(&app.pool)
        .await
        .expect("the attempts");
        assert_eq!(attempts, ["sales-a accepted"], "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_of_many_rollers_rolls_each_attempt_once() {
    let harness = Harness::on_database_clock().await;
    harness.accept_offers_at_once().await;
    let leads = trials(60, 600);
    for round in 0..leads {
        offer(&harness, round).await;
    }
    sleep(Duration::from_millis(10)).await;
    let app = &harness.app;
    let sweeps = tokio::join!(
        distribution::roll_all_due(app, Duration::ZERO, Cause::Sweep),
        distribution::roll_all_due(app, Duration::ZERO, Cause::Sweep),
        distribution::roll_all_due(app, Duration::ZERO, Cause::Sweep),
        distribution::roll_all_due(app, Duration::ZERO, Cause::Sweep),
    );
    let rolled: usize = [sweeps.0, sweeps.1, sweeps.2, sweeps.3]
        .into_iter()
        .map(|sweep| sweep.expect("a sweep").len())
        .sum();
    // One that another sweep was at is passed over, and rolled by it.
    assert_eq!(rolled, leads);
    let open: i64 = sqlx::query_scalar(
        "select count(*) from distribution_attempt where status = 'open' and sales_id = 'sales-b'",
    )
    .fetch_one(&app.pool)
    .await
    .expect("a count");
    assert_eq!(usize::try_from(open), Ok(leads));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_of_first_messages_makes_one_lead_and_one_cycle() {
    let harness = Harness::on_database_clock().await;
    harness.accept_offers_at_once().await;
    for round in 0..trials(20, 500) {
        let phone = format!("+62813{:08}", 10_000_000 + round);
        let says = |words: &'static str| {
            let word = InboundMessage {
                channel: Channel::Chat,
                from: Phone::from_human("test", &phone).expect("a number").into(),
                body: words.to_owned(),
                ..ok_of("A")
            };
            let app = &harness.app;
            async move {
                let id = distribution::receive(app, &word).await.expect("received");
                distribution::handle(app, id).await.expect("heard").outcome
            }
        };
        let heard = tokio::join!(says("Halo"), says("Halo?"), says("Permisi"));
        let began = [heard.0, heard.1, heard.2]
            .iter()
            .filter(|outcome| **outcome == Outcome::Distributing)
            .count();
        assert_eq!(began, 1, "{heard:?}");
    }
}
