//! The invariants are constraints: a program that breaks one is refused by the database.

use shared::distribution;
use shared::testing::{Harness, ad};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A harness with one lead, offered to Sales A.
async fn offered() -> Harness {
    let harness = Harness::new().await;
    let ad = ad("meta-001", "081234001234");
    distribution::take_ad(&harness.app, &ad)
        .await
        .expect("taken");
    harness
}

/// Runs a statement that the database must refuse by the named constraint.
async fn is_refused(harness: &Harness, statement: &'static str, constraint: &str) {
    let error = sqlx::query(statement)
        .execute(&harness.app.pool)
        .await
        .expect_err(statement);
    let named = error
        .as_database_error()
        .and_then(|error| error.constraint());
    assert_eq!(named, Some(constraint), "{statement}: {error}");
}

#[tokio::test]
async fn a_lead_has_at_most_one_open_cycle() {
    let harness = offered().await;
    is_refused(
        &harness,
        "insert into distribution_cycle (id, lead_id, status, trigger, started_at)
         select gen_random_uuid(), lead_id, 'held', 'chat', started_at from distribution_cycle",
        "distribution_cycle_one_open_per_lead",
    )
    .await;
}

#[tokio::test]
async fn a_cycle_has_at_most_one_open_attempt() {
    let harness = offered().await;
    is_refused(
        &harness,
        "insert into distribution_attempt (id, cycle_id, sales_id, position, status, assigned_at, ack_deadline_at)
         select gen_random_uuid(), cycle_id, 'sales-b', 2, 'open', assigned_at, ack_deadline_at
         from distribution_attempt",
        "distribution_attempt_one_open_per_cycle",
    )
    .await;
}

#[tokio::test]
async fn a_cycle_has_at_most_one_winner() {
    let harness = offered().await;
    let accept = "update distribution_attempt set status = 'accepted', acknowledged_at = assigned_at, closed_at = assigned_at";
    sqlx::query(accept)
        .execute(&harness.app.pool)
        .await
        .expect("the first winner");
    is_refused(
        &harness,
        "insert into distribution_attempt
             (id, cycle_id, sales_id, position, status, assigned_at, ack_deadline_at, acknowledged_at, closed_at)
         select gen_random_uuid(), cycle_id, 'sales-b', 2, 'accepted', assigned_at, ack_deadline_at, assigned_at, assigned_at
         from distribution_attempt",
        "distribution_attempt_one_accepted_per_cycle",
    )
    .await;
}

#[tokio::test]
async fn an_attempt_never_times_out_before_its_deadline() {
    let harness = offered().await;
    is_refused(
        &harness,
        "update distribution_attempt
         set status = 'timed_out', closed_at = ack_deadline_at - interval '1 microsecond'",
        "distribution_attempt_never_early",
    )
    .await;
}

#[tokio::test]
async fn an_attempt_is_never_accepted_at_its_deadline() {
    let harness = offered().await;
    is_refused(
        &harness,
        "update distribution_attempt
         set status = 'accepted', acknowledged_at = ack_deadline_at, closed_at = ack_deadline_at",
        "distribution_attempt_never_late",
    )
    .await;
}

#[tokio::test]
async fn positions_do_not_repeat() {
    let harness = offered().await;
    sqlx::query(
        "update distribution_attempt set status = 'timed_out', closed_at = ack_deadline_at",
    )
    .execute(&harness.app.pool)
    .await
    .expect("a timeout");
    is_refused(
        &harness,
        "insert into distribution_attempt (id, cycle_id, sales_id, position, status, assigned_at, ack_deadline_at)
         select gen_random_uuid(), cycle_id, 'sales-b', 1, 'open', assigned_at, ack_deadline_at
         from distribution_attempt",
        "distribution_attempt_position_key",
    )
    .await;
}

#[tokio::test]
async fn a_lead_is_owned_exactly_while_it_is_locked() {
    let harness = offered().await;
    is_refused(
        &harness,
        "update lead set status = 'claimed', owner_sales_id = 'sales-a'",
        "lead_owner_is_locked",
    )
    .await;
    is_refused(
        &harness,
        "update lead set status = 'claimed'",
        "lead_claimed_has_owner",
    )
    .await;
    is_refused(
        &harness,
        "update lead set owner_sales_id = 'sales-a', locked_at = created_at",
        "lead_open_has_no_owner",
    )
    .await;
    is_refused(
        &harness,
        "update lead set status = 'hangus'",
        "lead_hangus_is_no_action",
    )
    .await;
    is_refused(
        &harness,
        "update lead set phone = '081234001234'",
        "lead_phone_e164",
    )
    .await;
}

#[tokio::test]
async fn nothing_is_said_twice_to_a_recipient_about_an_attempt() {
    let harness = offered().await;
    let offer = "insert into wa_message (id, lead_id, attempt_id, direction, kind, from_wa, to_wa, body,
                                         provider, delivery_status, created_at)
                 select gen_random_uuid(), c.lead_id, a.id, 'out', 'offer', '+620', '+6281110000001', 'x',
                        'dummy', 'queued', a.assigned_at
                 from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id";
    sqlx::query(offer)
        .execute(&harness.app.pool)
        .await
        .expect("the first offer");
    is_refused(&harness, offer, "wa_message_once_per_attempt").await;
}

#[tokio::test]
async fn a_wait_for_messages_that_times_out_leaves_no_lock_on_its_connection() {
    let harness = offered().await;
    let pool = &harness.app.pool;
    let mut sender = shared::db::begin(pool).await.expect("a transaction");
    sqlx::query("select pg_advisory_xact_lock_shared(7, 2)")
        .execute(&mut *sender)
        .await
        .expect("a message is being stored");
    let mut roll = pool.acquire().await.expect("a connection");
    sqlx::query("set lock_timeout = '50ms'")
        .execute(&mut *roll)
        .await
        .expect("set");
    // It gets the lock of the first number, and not that of the second.
    let waited = sqlx::query("select wait_for_messages(7, 1, 2)")
        .execute(&mut *roll)
        .await;
    assert!(waited.is_err(), "the sender's transaction is running");
    let own =
        "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()";
    let held: i64 = sqlx::query_scalar(own)
        .fetch_one(&mut *roll)
        .await
        .expect("a count");
    assert_eq!(held, 0);
    sender.rollback().await.expect("it ends");
    sqlx::query("begin")
        .execute(&mut *roll)
        .await
        .expect("a transaction");
    sqlx::query("select wait_for_messages(7, 1, 2)")
        .execute(&mut *roll)
        .await
        .expect("nobody is storing a message");
    let held: i64 = sqlx::query_scalar(own)
        .fetch_one(&mut *roll)
        .await
        .expect("a count");
    assert_eq!(
        held, 0,
        "released at once, and not only with the transaction"
    );
}

#[tokio::test]
async fn an_operation_that_a_lock_ended_runs_once_more_and_any_other_failure_does_not() {
    let harness = Harness::new().await;
    let pool = &harness.app.pool;
    for (statement, runs) in [
        (
            "do $$ begin raise exception 'a deadlock' using errcode = '40P01'; end $$",
            2,
        ),
        (
            "do $$ begin raise exception 'a lock timeout' using errcode = '55P03'; end $$",
            2,
        ),
        (
            "do $$ begin raise exception 'a duplicate' using errcode = '23505'; end $$",
            1,
        ),
        ("select 1", 1),
    ] {
        let ran = AtomicUsize::new(0);
        let result = shared::db::retry_once(|| async {
            ran.fetch_add(1, Ordering::SeqCst);
            sqlx::query(statement).execute(pool).await?;
            Ok(())
        })
        .await;
        assert_eq!(ran.load(Ordering::SeqCst), runs, "{statement}");
        assert_eq!(result.is_ok(), statement == "select 1", "{statement}");
    }
}
