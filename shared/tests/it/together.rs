//! Many deadlines at one instant: what is rolled in one transaction, and what is left to be rolled alone.

use chrono::TimeDelta;
use shared::availability::{self, Availability};
use shared::distribution::{self, Cause, Checked, Rolled};
use shared::id::{AttemptId, UserId};
use shared::testing::{Harness, ad, ok_of};

const WINDOW: TimeDelta = TimeDelta::seconds(300);

async fn offered(harness: &Harness, number: usize) -> AttemptId {
    let ad = ad(&format!("meta-{number}"), &format!("0812340000{number:02}"));
    let report = distribution::take_ad(&harness.app, &ad).await;
    report.expect("taken").attempt.expect("an offer")
}

async fn three_offers() -> (Harness, [AttemptId; 3]) {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let mut offers = Vec::new();
    for number in 0..3 {
        offers.push(offered(&harness, number).await);
    }
    (harness, offers.try_into().expect("three"))
}

async fn roll_together(harness: &Harness, attempts: &[AttemptId]) -> Vec<Rolled> {
    distribution::roll_due_together(&harness.app, attempts, Cause::Alarm)
        .await
        .expect("rolled")
}

async fn roll_alone(harness: &Harness, attempt: AttemptId) -> Checked {
    distribution::check_deadline(&harness.app, attempt, Cause::Alarm)
        .await
        .expect("checked")
}

async fn execute(harness: &Harness, statement: &'static str) {
    sqlx::query(statement)
        .execute(&harness.app.pool)
        .await
        .expect(statement);
}

/// The attempts of the lead of an attempt, with what the log and the queue of jobs say about each.
async fn story_of(harness: &Harness, attempt: AttemptId) -> Vec<String> {
    sqlx::query_scalar(
        "select concat_ws(' ', a.position, a.sales_id, a.status, a.round, a.offered_to, a.ack_deadline_at - a.assigned_at,
                          (select string_agg(e.kind || coalesce(e.lateness_us::text, '') || coalesce(e.detail::text, ''), ', ' order by e.id)
                           from distribution_event e where e.attempt_id = a.id),
                          (select string_agg(j.job_type || ' ' || (j.run_at - a.assigned_at)::text, ', ' order by j.job_type, j.run_at)
                           from apalis.jobs j where convert_from(j.job, 'UTF8') like '%' || a.id || '%'))
         from distribution_attempt a
         where a.cycle_id = (select cycle_id from distribution_attempt where id = $1) order by a.position",
    )
    .bind(attempt.0)
    .fetch_all(&harness.app.pool)
    .await
    .expect("a story")
}

#[tokio::test]
async fn offers_that_are_rolled_together_end_as_one_that_is_rolled_alone() {
    let (harness, [one, two, alone]) = three_offers().await;
    // B cannot be reached, so C is next.
    execute(
        &harness,
        "update \"user\" set phone = null where id = 'sales-b'",
    )
    .await;
    harness.app.clock.set(harness.now() + WINDOW);
    let rolled = roll_together(&harness, &[one, two]).await;
    let Checked::Rolled(by_itself) = roll_alone(&harness, alone).await else {
        panic!("it is due");
    };
    assert_eq!(rolled.len(), 2);
    for one in &rolled {
        assert_eq!(one.rolled_at, by_itself.rolled_at);
        let (next, other) = (
            one.next.as_ref().expect("C"),
            by_itself.next.as_ref().expect("C"),
        );
        assert_eq!(
            (&next.sales_id, next.position, next.ack_deadline_at),
            (&other.sales_id, other.position, other.ack_deadline_at)
        );
    }
    let expected = story_of(&harness, alone).await;
    assert_eq!(expected.len(), 3, "{expected:#?}");
    assert_eq!(story_of(&harness, one).await, expected);
    assert_eq!(story_of(&harness, two).await, expected);
    let breaches = distribution::audit(&harness.app, false)
        .await
        .expect("an audit");
    assert!(breaches.is_empty(), "{breaches:?}");
}

#[tokio::test]
async fn an_offer_that_was_answered_or_is_not_due_or_was_not_accepted_is_left_alone() {
    let (harness, [due, answered, claimed]) = three_offers().await;
    let app = &harness.app;
    execute(
        &harness,
        "drop trigger accept_at_once on distribution_attempt",
    )
    .await;
    let unsent = offered(&harness, 3).await;
    let code: String = sqlx::query_scalar("select code from distribution_attempt where id = $1")
        .bind(claimed.0)
        .fetch_one(&app.pool)
        .await
        .expect("a code");
    let mut ok = ok_of("A");
    ok.body = format!("OK {code}");
    distribution::receive_and_handle(app, &ok)
        .await
        .expect("claimed");
    // A second later: this one is not due with the others.
    app.clock.set(harness.now() + TimeDelta::seconds(1));
    execute(
        &harness,
        "create trigger accept_at_once before insert on distribution_attempt
         for each row when (new.status = 'open') execute function accept_at_once()",
    )
    .await;
    let later = offered(&harness, 4).await;
    // B answers in time, from the number that this offer went to, and nobody has read it yet.
    sqlx::query("update distribution_attempt set sales_id = 'sales-b', offered_to = '+6281110000002' where id = $1")
        .bind(answered.0)
        .execute(&app.pool)
        .await
        .expect("an offer to B");
    distribution::receive(app, &ok_of("B"))
        .await
        .expect("received");
    app.clock
        .set(harness.now() + WINDOW - TimeDelta::seconds(1));
    let rolled = roll_together(&harness, &[due, answered, claimed, unsent, later]).await;
    let rolled: Vec<AttemptId> = rolled.iter().map(|one| one.attempt).collect();
    assert_eq!(rolled, [due]);
    assert!(
        matches!(roll_alone(&harness, answered).await, Checked::Over),
        "the OK counts"
    );
    assert!(matches!(roll_alone(&harness, claimed).await, Checked::Over));
    assert!(matches!(
        roll_alone(&harness, unsent).await,
        Checked::NotSent(_)
    ));
    assert!(matches!(
        roll_alone(&harness, later).await,
        Checked::NotDue(_)
    ));
    assert!(
        roll_together(&harness, &[due, answered, claimed])
            .await
            .is_empty(),
        "nothing twice"
    );
}

#[tokio::test]
async fn decisions_that_depend_on_each_other_are_made_one_after_the_other() {
    let (harness, offers) = three_offers().await;
    harness.app.clock.set(harness.now() + WINDOW);
    execute(
        &harness,
        "update distribution_cycle set strategy = 'rotating'",
    )
    .await;
    assert!(roll_together(&harness, &offers).await.is_empty(), "credits");
    execute(&harness, "update distribution_cycle set strategy = 'fixed'").await;
    let cap = Availability {
        most_open: Some(1),
        ..Availability::default()
    };
    let agent = UserId("sales-b".to_owned());
    availability::set(&harness.app, &agent, &cap)
        .await
        .expect("a cap");
    assert!(roll_together(&harness, &offers).await.is_empty(), "a cap");
    let mut next = Vec::new();
    for offer in offers {
        let Checked::Rolled(rolled) = roll_alone(&harness, offer).await else {
            panic!("it is due");
        };
        next.push(rolled.next.expect("an agent").sales_id.0);
    }
    assert_eq!(next, ["sales-b", "sales-c", "sales-c"]);
}

#[tokio::test]
async fn the_last_agent_of_a_lead_is_not_rolled_with_others() {
    let (harness, [first, ..]) = three_offers().await;
    execute(
        &harness,
        "delete from distribution_cycle_member where sales_id <> 'sales-a'",
    )
    .await;
    harness.app.clock.set(harness.now() + WINDOW);
    assert!(roll_together(&harness, &[first]).await.is_empty());
    let Checked::Rolled(rolled) = roll_alone(&harness, first).await else {
        panic!("it is due");
    };
    assert!(rolled.next.is_none(), "it is hangus");
}

#[tokio::test]
async fn while_the_provider_is_frozen_nothing_is_rolled_together() {
    let (harness, offers) = three_offers().await;
    execute(
        &harness,
        "insert into provider_health (provider, failures, failing_since, frozen_since, reason)
         values ('dummy', 1, '2026-01-05 09:01+07', '2026-01-05 09:01+07', 'a test')",
    )
    .await;
    harness.app.clock.set(harness.now() + WINDOW);
    assert!(roll_together(&harness, &offers).await.is_empty());
    assert!(matches!(
        roll_alone(&harness, offers[0]).await,
        Checked::Frozen
    ));
}

#[tokio::test]
async fn the_limit_of_open_offers_counts_those_that_are_made_together() {
    let (harness, offers) = three_offers().await;
    harness.app.clock.set(harness.now() + WINDOW);
    let mut app = harness.app.clone();
    app.distribution.most_open_offers = 1;
    let rolled = distribution::roll_due_together(&app, &offers, Cause::Alarm)
        .await
        .expect("rolled");
    let mut next: Vec<String> = rolled
        .into_iter()
        .map(|one| one.next.expect("an agent").sales_id.0)
        .collect();
    next.sort();
    assert_eq!(next, ["sales-b", "sales-c", "sales-d"]);
}
