//! The audit finds what was broken by hand, and repairs it.

use chrono::TimeDelta;
use serde_json::Value;
use shared::distribution::{self, Breach, Cause};
use shared::id::{AttemptId, DeliveryId, LeadId};
use shared::testing::{Harness, ad, ok_of};
use uuid::Uuid;

/// A lead that is offered to Sales A.
pub(crate) async fn offered(harness: &Harness) -> (LeadId, AttemptId) {
    let ad = ad("meta-001", "081234001234");
    let report = distribution::take_ad(&harness.app, &ad)
        .await
        .expect("taken");
    let found = audit(harness).await;
    assert_eq!(found, [], "a lead as it should be");
    (
        report.lead.expect("a lead"),
        report.attempt.expect("an offer"),
    )
}

/// A lead that is offered to Sales A. The provider is frozen since.
async fn offered_in_a_freeze() -> Harness {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    offered(&harness).await;
    tamper(
        &harness,
        "insert into provider_health (provider, failures, failing_since, frozen_since, reason)
         select 'dummy', 3, assigned_at, assigned_at, 'a test' from distribution_attempt",
    )
    .await;
    harness
}

pub(crate) async fn audit(harness: &Harness) -> Vec<Breach> {
    distribution::audit(&harness.app, false)
        .await
        .expect("an audit")
}

pub(crate) async fn tamper(harness: &Harness, statement: &'static str) {
    sqlx::query(statement)
        .execute(&harness.app.pool)
        .await
        .expect("somebody's hand");
}

/// Each attempt of the only lead: its agent and status.
pub(crate) async fn attempts(harness: &Harness) -> Vec<String> {
    sqlx::query_scalar(
        "select sales_id || ' ' || status from distribution_attempt order by position",
    )
    .fetch_all(&harness.app.pool)
    .await
    .expect("attempts")
}

#[tokio::test]
async fn an_alarm_that_somebody_deleted_is_set_again() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let (_, attempt) = offered(&harness).await;
    tamper(
        &harness,
        "delete from apalis.jobs where job_type like 'check-ack%'",
    )
    .await;
    assert_eq!(audit(&harness).await, [Breach::NoAlarm(attempt)]);
    assert_eq!(audit(&harness).await, []);
    worker_free_roll(&harness, attempt).await;
}

/// At the deadline the alarm's operation rolls the attempt.
async fn worker_free_roll(harness: &Harness, attempt: AttemptId) {
    harness.app.clock.set(harness.now() + TimeDelta::minutes(5));
    distribution::check_deadline(&harness.app, attempt, Cause::Alarm)
        .await
        .expect("checked");
    assert_eq!(
        attempts(harness).await,
        ["sales-a timed_out", "sales-b open"]
    );
}

#[tokio::test]
async fn an_attempt_that_neither_alarm_nor_sweep_rolled_is_rolled() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let (_, attempt) = offered(&harness).await;
    harness
        .app
        .clock
        .set(harness.now() + TimeDelta::seconds(302));
    assert_eq!(audit(&harness).await, [], "two seconds are the sweep's");
    harness
        .app
        .clock
        .set(harness.now() + TimeDelta::milliseconds(1));
    assert_eq!(audit(&harness).await, [Breach::Overdue(attempt)]);
    assert_eq!(
        attempts(&harness).await,
        ["sales-a timed_out", "sales-b open"]
    );
    assert_eq!(audit(&harness).await, []);
}

#[tokio::test]
async fn in_a_freeze_nothing_is_overdue() {
    let harness = offered_in_a_freeze().await;
    harness.app.clock.set(harness.now() + TimeDelta::hours(1));
    assert_eq!(audit(&harness).await, []);
    assert_eq!(attempts(&harness).await, ["sales-a open"]);
}

#[tokio::test]
async fn a_freeze_that_no_message_could_end_is_ended() {
    let harness = offered_in_a_freeze().await;
    assert_eq!(audit(&harness).await, [], "the offer waits to be sent");
    tamper(
        &harness,
        "delete from apalis.jobs where job_type like 'forward%'",
    )
    .await;
    harness.app.clock.set(harness.now() + TimeDelta::hours(1));
    assert_eq!(audit(&harness).await, [Breach::FrozenForNothing]);
    assert_eq!(audit(&harness).await, []);
    assert_eq!(
        attempts(&harness).await,
        ["sales-a open"],
        "with a full window"
    );
}

#[tokio::test]
async fn a_freeze_is_ended_that_only_messages_of_a_paused_queue_could_end() {
    let harness = offered_in_a_freeze().await;
    // As if the only message were not an offer.
    tamper(
        &harness,
        "update apalis.jobs set job_type = 'send-message.v1' where job_type like 'forward%'",
    )
    .await;
    assert_eq!(audit(&harness).await, [], "the message waits to be sent");
    tamper(
        &harness,
        "insert into job_pause (queue, paused_at, paused_by) values ('send-message.v1', now(), 'a test')",
    )
    .await;
    assert_eq!(audit(&harness).await, [Breach::FrozenForNothing]);
    assert_eq!(audit(&harness).await, []);
}

#[tokio::test]
async fn an_open_cycle_that_nobody_is_offered_goes_to_the_next_agent() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    offered(&harness).await;
    tamper(
        &harness,
        "update distribution_attempt set status = 'withdrawn', closed_at = assigned_at",
    )
    .await;
    let found = audit(&harness).await;
    let expected = matches!(found[..], [Breach::NobodyAsked(_), Breach::LogDisagrees(_)]);
    assert!(expected, "{found:?}");
    assert_eq!(
        attempts(&harness).await,
        ["sales-a withdrawn", "sales-b open"]
    );
    assert_eq!(audit(&harness).await, []);
}

#[tokio::test]
async fn what_only_a_person_can_mend_is_reported_until_they_do() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let (lead, _) = offered(&harness).await;
    tamper(&harness, "update distribution_attempt set position = 2").await;
    let found = audit(&harness).await;
    assert!(matches!(found[..], [Breach::Gap(_)]), "{found:?}");
    tamper(&harness, "update distribution_attempt set position = 1").await;
    assert_eq!(audit(&harness).await, []);

    tamper(
        &harness,
        "update distribution_cycle set status = 'cancelled', closed_at = started_at",
    )
    .await;
    tamper(
        &harness,
        "update distribution_attempt set status = 'withdrawn', closed_at = assigned_at",
    )
    .await;
    let found = audit(&harness).await;
    assert!(
        matches!(found[..], [Breach::NoFuture(_), Breach::LogDisagrees(_)]),
        "{found:?}"
    );
    assert_eq!(
        audit(&harness).await,
        [Breach::NoFuture(lead)],
        "the log was told of the edit"
    );
    assert_eq!(audit(&harness).await, [Breach::NoFuture(lead)]);
    let counted: Vec<i64> =
        sqlx::query_scalar("select times from audit_breach where rule = 'no_future'")
            .fetch_all(&harness.app.pool)
            .await
            .expect("a count");
    assert_eq!(counted, [3], "what stays broken is one row with a count");
}

#[tokio::test]
async fn an_offer_that_is_open_to_a_disabled_agent_goes_to_the_next_one() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let (_, attempt) = offered(&harness).await;
    tamper(
        &harness,
        r#"update "user" set disabled_at = '2026-01-05 09:00:00+07' where id = 'sales-a'"#,
    )
    .await;
    harness.app.clock.set(harness.now() + TimeDelta::seconds(6));
    assert_eq!(audit(&harness).await, [Breach::OpenToDisabled(attempt)]);
    let standing = ["sales-a withdrawn", "sales-b open"];
    assert_eq!(attempts(&harness).await, standing);
    assert_eq!(audit(&harness).await, []);
}

#[tokio::test]
async fn a_queued_message_whose_job_is_gone_or_cannot_be_read_is_sent() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    offered(&harness).await;
    distribution::receive_and_handle(&harness.app, &ok_of("A"))
        .await
        .expect("claimed");
    // The answer to the agent waits. Its job cannot be read, as after a hand's edit, and is a dead letter.
    tamper(
        &harness,
        "update apalis.jobs set job = '{}', status = 'Killed', done_at = now() where job_type like 'send-message%'",
    )
    .await;
    let queued = "select id from wa_message where delivery_status = 'queued' and kind <> 'offer' order by id";
    let queued: Vec<Uuid> = sqlx::query_scalar(queued)
        .fetch_all(&harness.app.pool)
        .await
        .expect("messages");
    assert!(!queued.is_empty());
    harness.app.clock.set(harness.now() + TimeDelta::minutes(1));
    assert_eq!(audit(&harness).await, [], "its writer has a minute");
    let later = harness.now() + TimeDelta::milliseconds(1);
    harness.app.clock.set(later);
    let mut found: Vec<Uuid> = audit(&harness)
        .await
        .into_iter()
        .filter_map(|breach| match breach {
            Breach::NoSender(message, 0) => Some(message.0),
            _ => None,
        })
        .collect();
    found.sort_unstable();
    assert_eq!(found, queued);
    assert_eq!(audit(&harness).await, []);
    let jobs: Vec<Value> = sqlx::query_scalar(
        "select convert_from(job, 'UTF8')::jsonb -> 'message' from apalis.jobs where job_type like 'send-message%' order by 1",
    )
    .fetch_all(&harness.app.pool)
    .await
    .expect("jobs");
    let named: Vec<Value> = queued.iter().map(|id| id.to_string().into()).collect();
    assert_eq!(jobs, named, "each has a job that names it");
}

#[tokio::test]
async fn a_delivery_whose_job_is_gone_is_handled_and_one_that_failed_is_left_to_a_person() {
    let harness = Harness::new().await;
    tamper(
        &harness,
        "insert into webhook_delivery (id, source, body, received_at, failure)
         values ('00000000-0000-0000-0000-000000000001', 'whatsapp', '{}', '2020-01-01', null),
                ('00000000-0000-0000-0000-000000000002', 'whatsapp', '{}', '2020-01-01', 'as a person reads')",
    )
    .await;
    let gone = DeliveryId(
        "00000000-0000-0000-0000-000000000001"
            .parse()
            .expect("an id"),
    );
    assert_eq!(audit(&harness).await, [Breach::NoHandler(gone)]);
    assert_eq!(audit(&harness).await, [], "it has a job");
}

#[tokio::test]
async fn a_handover_whose_job_is_gone_is_carried_out_unless_the_agent_is_back() {
    let harness = Harness::new().await;
    tamper(
        &harness,
        "insert into agent_handover (id, agent_id, leads, begun_at)
         values ('00000000-0000-0000-0000-000000000001', 'sales-a', 'list', '2020-01-01'),
                ('00000000-0000-0000-0000-000000000002', 'sales-b', 'list', '2020-01-01')",
    )
    .await;
    assert_eq!(audit(&harness).await, [], "both agents are here");
    tamper(
        &harness,
        r#"update "user" set disabled_at = '2020-01-01' where id = 'sales-a'"#,
    )
    .await;
    let gone = "00000000-0000-0000-0000-000000000001"
        .parse()
        .expect("an id");
    assert_eq!(audit(&harness).await, [Breach::NoMover(gone)]);
    assert_eq!(audit(&harness).await, [], "it has a job");
}

/// A lead that is held because every agent is on a break without an end.
async fn held(harness: &Harness) {
    tamper(
        harness,
        "insert into agent_availability (sales_id, paused_since) select sales_id, now() from sales_queue",
    )
    .await;
    let ad = ad("meta-001", "081234001234");
    distribution::take_ad(&harness.app, &ad)
        .await
        .expect("taken");
    assert_eq!(audit(harness).await, []);
}

#[tokio::test]
async fn a_held_lead_whose_line_nobody_looks_at_is_looked_at() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    held(&harness).await;
    tamper(&harness, "update held_line set look_at = null").await;
    let found = audit(&harness).await;
    assert!(matches!(found[..], [Breach::Unreleased(_)]), "{found:?}");
    assert_eq!(audit(&harness).await, []);
    let none: [String; 0] = [];
    assert_eq!(attempts(&harness).await, none);
}

#[tokio::test]
async fn a_lead_that_is_held_although_somebody_is_on_duty_is_offered() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    held(&harness).await;
    // C is back, by hand, and the line is not to be looked at for a day.
    tamper(
        &harness,
        "update agent_availability set paused_since = null where sales_id = 'sales-c'",
    )
    .await;
    tamper(
        &harness,
        "update held_line set look_at = look_at + interval '1 day'",
    )
    .await;
    let found = audit(&harness).await;
    assert!(
        matches!(found[..], [Breach::HeldForNothing(_)]),
        "{found:?}"
    );
    assert_eq!(attempts(&harness).await, ["sales-c open"]);
    assert_eq!(audit(&harness).await, []);
}

/// However many workers ask, the audit runs in one of them, and again when it is due.
#[tokio::test]
async fn the_audit_runs_once_for_all_workers() {
    let harness = Harness::new().await;
    let times = (TimeDelta::seconds(5), TimeDelta::seconds(30));
    let ask = async || {
        let ran = distribution::audit_in_turn(&harness.app, false, times).await;
        ran.expect("an answer").is_some()
    };
    let asked = tokio::join!(ask(), ask(), ask());
    assert_eq!(
        [asked.0, asked.1, asked.2]
            .iter()
            .filter(|ran| **ran)
            .count(),
        1
    );
    harness.app.clock.set(harness.now() + TimeDelta::seconds(4));
    assert!(!ask().await, "it is not due");
    harness.app.clock.set(harness.now() + TimeDelta::seconds(1));
    assert!(ask().await, "it is due");
    // A worker took it and died.
    tamper(
        &harness,
        "update audit_run set due_at = timestamptz '2026-01-05 02:00:40Z'",
    )
    .await;
    harness
        .app
        .clock
        .set(harness.now() + TimeDelta::seconds(20));
    assert!(!ask().await, "it may still be running");
    harness
        .app
        .clock
        .set(harness.now() + TimeDelta::seconds(16));
    assert!(ask().await, "another worker takes it");
}
