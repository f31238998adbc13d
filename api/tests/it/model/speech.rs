//! What agents say in the real system.

use super::world::{LABELS, World};
use chrono::TimeDelta;
use shared::distribution::{self, InboundMessage, Tap};
use shared::id::{AttemptId, UserId};
use shared::testing::{agent_phone, ok_of};
use uuid::Uuid;

impl World {
    /// An agent speaks of their latest offer of a lead, by its code. Every other agent taps on the screen instead.
    pub(super) async fn say(&self, agent: usize, lead: usize, verb: &str, sent_ago: TimeDelta) {
        let agent_id = format!("sales-{}", LABELS[agent].to_lowercase());
        let offer: Option<(Option<String>, Uuid)> = sqlx::query_as(
            "select a.code, a.id from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
             join lead l on l.id = c.lead_id
             where a.sales_id = $1 and l.phone like '%0000' || $2 order by a.assigned_at desc, a.id desc limit 1",
        )
        .bind(&agent_id)
        .bind(lead.to_string())
        .fetch_optional(&self.harness.app.pool)
        .await
        .expect("a look");
        let Some((Some(code), attempt)) = offer else {
            return;
        };
        if agent % 2 == 1 && sent_ago.is_zero() {
            let verb = if verb == "OK" { Tap::Take } else { Tap::Pass };
            let app = &self.harness.app;
            distribution::tap(app, &UserId(agent_id), AttemptId(attempt), verb)
                .await
                .expect("heard");
            return;
        }
        let word = InboundMessage {
            from: agent_phone(LABELS[agent]).into(),
            body: format!("{verb} {code}"),
            sent_at: Some(self.now() - sent_ago),
            ..ok_of("A")
        };
        distribution::receive_and_handle(&self.harness.app, &word)
            .await
            .expect("heard");
    }
}
