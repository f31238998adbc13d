//! Offers that are withdrawn before and after the provider accepted them.

use crate::audit::{offered, tamper};
use shared::distribution::{self, Tap};
use shared::id::UserId;
use shared::testing::Harness;

/// What each place is owed, and what is queued for A.
async fn account(harness: &Harness) -> (String, i64) {
    sqlx::query_as(
        "select (select string_agg((credit / 120120000000)::text, ',' order by queue_order) from sales_queue),
                (select count(*) from wa_message where to_wa = '+6281110000001' and delivery_status = 'queued')",
    )
    .fetch_one(&harness.app.pool)
    .await
    .expect("an account")
}

#[tokio::test]
async fn an_offer_that_is_withdrawn_before_it_left_is_not_charged_and_never_leaves() {
    for (sent, expected) in [(false, ("0,0,0,0,0,0", 0)), (true, ("-5,1,1,1,1,1", 1))] {
        let harness = Harness::new().await;
        let rotating = "update distribution_queue set strategy = 'rotating'";
        tamper(&harness, rotating).await;
        let (lead, attempt) = offered(&harness).await;
        if sent {
            let sent = distribution::forward(&harness.app, attempt).await;
            sent.expect("accepted");
        } else {
            // Its row is written, and the call has not begun.
            tamper(
                &harness,
                "insert into wa_message (id, lead_id, cycle_id, attempt_id, direction, kind, from_wa, to_wa, body, provider,
                                         delivery_status, created_at)
                 select gen_random_uuid(), c.lead_id, c.id, a.id, 'out', 'offer', '+620000000000', '+6281110000001',
                        'Lead baru', 'dummy', 'queued', a.assigned_at
                 from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id",
            )
            .await;
        }
        let agent = UserId("sales-b".to_owned());
        distribution::assign(&harness.app, lead, &agent, &UserId("admin".to_owned()))
            .await
            .expect("assigned");
        let (credits, queued) = account(&harness).await;
        assert_eq!((credits.as_str(), queued), expected, "sent: {sent}");
    }
}

#[tokio::test]
async fn an_offer_that_is_answered_before_it_left_does_not_wait_for_ever() {
    let harness = Harness::new().await;
    let (_, attempt) = offered(&harness).await;
    harness.provider.is_away(1);
    let sent = distribution::forward(&harness.app, attempt).await;
    sent.expect_err("the provider is away");
    let agent = UserId("sales-a".to_owned());
    let taken = distribution::tap(&harness.app, &agent, attempt, Tap::Take).await;
    taken.expect("A saw it on the screen");
    let sent = distribution::forward(&harness.app, attempt).await;
    sent.expect("there is nothing to send");
    let offers: Vec<String> = sqlx::query_scalar(
        "select delivery_status || ': ' || delivery_error from wa_message where kind = 'offer'",
    )
    .fetch_all(&harness.app.pool)
    .await
    .expect("offers");
    assert_eq!(offers, ["failed: the offer ended before it was sent"]);
}
