//! Many messages at one moment: what is written and recorded in one transaction, and what is left to be done alone.

use crate::audit::tamper;
use chrono::TimeDelta;
use shared::distribution;
use shared::id::{AttemptId, LeadId, UserId};
use shared::testing::{Harness, ad, until_somebody_waits};
use shared::together::{Together, Turn};
use shared::{App, Result};
use std::iter;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

async fn three_offers() -> (Harness, [(LeadId, AttemptId); 3]) {
    let harness = Harness::new().await;
    let mut offers = Vec::new();
    for number in 0..3 {
        let ad = ad(&format!("meta-{number}"), &format!("0812340000{number:02}"));
        let taken = distribution::take_ad(&harness.app, &ad)
            .await
            .expect("taken");
        offers.push((
            taken.lead.expect("a lead"),
            taken.attempt.expect("an offer"),
        ));
    }
    (harness, offers.try_into().expect("three"))
}

/// All turns of this kind: until they are dropped, its pieces wait.
pub(crate) fn all_turns<T: Clone, R>(together: &Together<T, R>) -> Vec<Turn<'_, R>> {
    iter::from_fn(|| together.try_alone()).collect()
}

/// Sends an offer as a job does, until it waits for a turn to be written or recorded.
async fn send_until_it_waits(app: &App, attempt: AttemptId) -> JoinHandle<Result<()>> {
    let waiting = || app.sending.offers.waiting() + app.sending.acceptances.waiting();
    let (before, sending) = (waiting(), app.clone());
    let sending = tokio::spawn(async move { distribution::forward(&sending, attempt).await });
    until(|| waiting() > before).await;
    sending
}

pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let waits = async {
        while !is_so() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(60), waits)
        .await
        .expect("it waits");
}

/// In how many transactions the offers' messages were written last.
async fn transactions(harness: &Harness) -> i64 {
    sqlx::query_scalar("select count(distinct xmin::text) from wa_message where kind = 'offer'")
        .fetch_one(&harness.app.pool)
        .await
        .expect("a count")
}

async fn assign_to_b(app: &App, lead: LeadId) {
    let (agent, admin) = (UserId("sales-b".to_owned()), UserId("admin".to_owned()));
    distribution::assign(app, lead, &agent, &admin)
        .await
        .expect("assigned");
}

async fn end_well(sending: JoinHandle<Result<()>>) {
    sending.await.expect("it ends").expect("it is recorded");
}

/// What is known of an offer: its window, its message, its log, and its alarms.
async fn known_of(harness: &Harness, attempt: AttemptId) -> String {
    sqlx::query_scalar(
        "select concat_ws(' | ', a.offer_accepted_at, a.ack_deadline_at - a.assigned_at,
                          (select string_agg(m.kind || ' ' || m.delivery_status || coalesce(' ' || m.accepted_at::text, ''), ', ' order by m.kind)
                           from wa_message m where m.attempt_id = a.id),
                          (select string_agg(e.kind || coalesce(e.detail::text, ''), ', ' order by e.id)
                           from distribution_event e where e.attempt_id = a.id),
                          (select string_agg((j.run_at - a.assigned_at)::text, ', ' order by j.run_at)
                           from apalis.jobs j where j.job_type = 'check-ack-deadline.v1'
                             and convert_from(j.job, 'UTF8') like '%' || a.id || '%'))
         from distribution_attempt a where a.id = $1",
    )
    .bind(attempt.0)
    .fetch_one(&harness.app.pool)
    .await
    .expect("an offer")
}

#[tokio::test]
async fn acceptances_that_are_recorded_together_end_as_one_that_is_recorded_alone() {
    let (harness, [(_, one), (_, two), (_, alone)]) = three_offers().await;
    let app = &harness.app;
    let turns = all_turns(&app.sending.acceptances);
    let sending = [
        send_until_it_waits(app, one).await,
        send_until_it_waits(app, two).await,
    ];
    // The provider took ten seconds, so the deadlines move.
    app.clock.set(harness.now() + TimeDelta::seconds(10));
    drop(turns);
    for one in sending {
        end_well(one).await;
    }
    assert_eq!(transactions(&harness).await, 1);
    distribution::forward(app, alone).await.expect("sent");
    let expected = known_of(&harness, alone).await;
    assert!(expected.contains("00:05:10"), "{expected}");
    assert!(expected.contains("deadline_moved"), "{expected}");
    assert_eq!(known_of(&harness, one).await, expected);
    assert_eq!(known_of(&harness, two).await, expected);
    let breaches = distribution::audit(app, false).await.expect("an audit");
    assert!(breaches.is_empty(), "{breaches:?}");
}

#[tokio::test]
async fn an_acceptance_whose_lead_is_locked_holds_up_no_other() {
    let (harness, [(locked, first), (_, second), (_, third)]) = three_offers().await;
    let app = &harness.app;
    let turns = all_turns(&app.sending.acceptances);
    let waiting = send_until_it_waits(app, first).await;
    let others = [
        send_until_it_waits(app, second).await,
        send_until_it_waits(app, third).await,
    ];
    let mut other = app.begin().await.expect("a transaction");
    sqlx::query("select from lead where id = $1 for update")
        .bind(locked.0)
        .execute(&mut *other)
        .await
        .expect("locked");
    drop(turns);
    for one in others {
        end_well(one).await;
    }
    until_somebody_waits(&app.pool).await;
    assert!(!waiting.is_finished(), "its lead is locked");
    other.rollback().await.expect("released");
    end_well(waiting).await;
    let expected = known_of(&harness, second).await;
    assert!(expected.contains("offer accepted"), "{expected}");
    assert_eq!(known_of(&harness, first).await, expected);
    assert_eq!(known_of(&harness, third).await, expected);
}

#[tokio::test]
async fn an_acceptance_that_cannot_be_recorded_takes_no_other_with_it() {
    let (harness, [(_, first), (_, broken), (_, third)]) = three_offers().await;
    let app = &harness.app;
    let turns = all_turns(&app.sending.acceptances);
    let first_sends = send_until_it_waits(app, first).await;
    let broken_sends = send_until_it_waits(app, broken).await;
    let third_sends = send_until_it_waits(app, third).await;
    tamper(
        &harness,
        "create function break_one() returns trigger language plpgsql as
         $$ begin raise exception 'this one breaks'; end $$",
    )
    .await;
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "create trigger break_one before update of accepted_at on wa_message
         for each row when (old.attempt_id = '{broken}') execute function break_one()"
    )))
    .execute(&app.pool)
    .await
    .expect("a trigger");
    drop(turns);
    end_well(first_sends).await;
    end_well(third_sends).await;
    let failed = broken_sends.await.expect("it ends");
    failed.expect_err("its job is tried again");
    assert!(known_of(&harness, broken).await.contains("offer queued"));
    for recorded in [first, third] {
        let known = known_of(&harness, recorded).await;
        assert!(known.contains("offer accepted"), "{known}");
    }
}

#[tokio::test]
async fn an_offer_that_was_withdrawn_meanwhile_is_explained_to_its_agent() {
    let (harness, [(withdrawn, first), (_, second), _]) = three_offers().await;
    let app = &harness.app;
    let turns = all_turns(&app.sending.acceptances);
    let sending = [
        send_until_it_waits(app, first).await,
        send_until_it_waits(app, second).await,
    ];
    assign_to_b(app, withdrawn).await;
    drop(turns);
    for one in sending {
        end_well(one).await;
    }
    let known = known_of(&harness, first).await;
    assert!(known.contains("withdrawn queued"), "{known}");
    let known = known_of(&harness, second).await;
    assert!(!known.contains("withdrawn"), "{known}");
    assert!(known.contains("sent"), "{known}");
}

/// The message of an offer as it was written.
async fn message_of(harness: &Harness, attempt: AttemptId) -> String {
    sqlx::query_scalar(
        "select concat_ws(' | ', lead_id, cycle_id, kind, from_wa, to_wa, body, provider, created_at, line, parameters)
         from wa_message where attempt_id = $1",
    )
    .bind(attempt.0)
    .fetch_one(&harness.app.pool)
    .await
    .expect("a message")
}

#[tokio::test]
async fn offers_that_are_written_together_are_as_those_that_are_written_alone() {
    let (harness, [(_, one), (_, two), _]) = three_offers().await;
    let app = &harness.app;
    let turns = all_turns(&app.sending.offers);
    let sending = [
        send_until_it_waits(app, one).await,
        send_until_it_waits(app, two).await,
    ];
    let unrecorded = all_turns(&app.sending.acceptances);
    drop(turns);
    until(|| app.sending.acceptances.waiting() == 2).await;
    assert_eq!(transactions(&harness).await, 1);
    drop(unrecorded);
    for one in sending {
        end_well(one).await;
    }
    let together = [
        message_of(&harness, one).await,
        message_of(&harness, two).await,
    ];
    assert!(together[0].contains("Lead baru untuk A"), "{together:?}");
    tamper(&harness, "delete from wa_message where kind = 'offer'").await;
    tamper(
        &harness,
        "update distribution_attempt set offer_accepted_at = null",
    )
    .await;
    for (attempt, expected) in [one, two].into_iter().zip(together) {
        distribution::forward(app, attempt).await.expect("sent");
        assert_eq!(message_of(&harness, attempt).await, expected);
    }
}

#[tokio::test]
async fn an_offer_that_ended_while_it_waited_to_be_written_does_not_leave() {
    let (harness, [(taken, first), (_, second), _]) = three_offers().await;
    let app = &harness.app;
    let turns = all_turns(&app.sending.offers);
    let sending = [
        send_until_it_waits(app, first).await,
        send_until_it_waits(app, second).await,
    ];
    assign_to_b(app, taken).await;
    drop(turns);
    for one in sending {
        end_well(one).await;
    }
    let offers: Vec<(AttemptId, String)> =
        sqlx::query_as("select attempt_id, delivery_status from wa_message where kind = 'offer'")
            .fetch_all(&app.pool)
            .await
            .expect("offers");
    assert_eq!(offers, [(second, "accepted".to_owned())]);
}
