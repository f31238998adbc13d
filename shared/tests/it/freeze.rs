//! What a freeze does not change.

use chrono::TimeDelta;
use shared::distribution::{self, Cause, Checked, Outcome};
use shared::id::MessageId;
use shared::testing::{Harness, ad, ok_of};
use uuid::Uuid;

#[tokio::test]
async fn an_offer_whose_time_was_up_before_the_freeze_is_late_throughout_and_rolls_after_it() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    let app = &harness.app;
    let report = distribution::take_ad(app, &ad("meta-001", "081234001234"))
        .await
        .expect("taken");
    let attempt = report.attempt.expect("an offer");
    // No worker was there at the deadline; the provider froze a minute later.
    harness.app.clock.set(harness.now() + TimeDelta::minutes(6));
    sqlx::query(
        "insert into provider_health (provider, failures, failing_since, frozen_since, reason)
         values ('dummy', 3, $1, $1, 'a test')",
    )
    .bind(harness.now())
    .execute(&app.pool)
    .await
    .expect("a freeze");
    let checked = distribution::check_deadline(app, attempt, Cause::Alarm).await;
    assert!(matches!(checked, Ok(Checked::Frozen)), "{checked:?}");
    let heard = distribution::receive_and_handle(app, &ok_of("A")).await;
    assert_eq!(heard.expect("heard").outcome, Outcome::Late);

    // The answer gets through, and that is the thaw.
    let answer: Uuid = sqlx::query_scalar("select id from wa_message where kind = 'late'")
        .fetch_one(&app.pool)
        .await
        .expect("an answer");
    distribution::send(app, MessageId(answer))
        .await
        .expect("sent");
    let checked = distribution::check_deadline(app, attempt, Cause::Alarm).await;
    assert!(matches!(checked, Ok(Checked::Rolled(_))), "{checked:?}");
}
