//! What the model is told of the real system: when a freeze ended, and when the provider accepted an offer.

use super::promise::Time;
use super::world::{NAMES, World, agent_id};
use chrono::TimeDelta;

impl World {
    /// What the workers' time did to the model's: thaws, moved deadlines, rolls. When a message that
    /// gets through ends a freeze is told by the log; what that does to offers is the model's.
    pub(super) async fn settle_model(&mut self) {
        let pool = &self.harness.app.pool;
        let since: Option<Time> =
            sqlx::query_scalar("select max(frozen_since) from provider_health")
                .fetch_one(pool)
                .await
                .expect("a look");
        if self.model.frozen_since.is_some() && self.model.frozen_since != since {
            let at: Time =
                sqlx::query_scalar("select max(at) from distribution_event where kind = 'thawed'")
                    .fetch_one(pool)
                    .await
                    .expect("a thaw is logged");
            self.leave_the_overdue_to_the_sweep().await;
            if self.handed_over_while_frozen().await {
                self.model.hand_over(self.now());
            }
            self.model.thaw(at);
        }
        self.follow_deliveries().await;
        if self.workers {
            let now = self.now();
            // Jobs run in the order in which they were due.
            while let Some(at) = self.model.handover_waits_since() {
                self.model.ring(now, now.min(at));
                self.model.hand_over_first(now);
            }
            // A line whose time came before an alarm's is looked at before it.
            let (before_a_roll, _) = self.released().await;
            self.model.look_at(now, &before_a_roll);
            self.model.ring(now, now);
            self.model.alarms_ring(self.now());
        }
    }

    /// The queues whose lines were looked at since the last look, in that order, as the log says: those before the first roll, and
    /// those after it. What the looks came to is the model's.
    pub(super) async fn released(&self) -> (Vec<usize>, Vec<usize>) {
        let told: Vec<(String, String)> = sqlx::query_as(
            "select e.kind, q.name from distribution_event e
             join distribution_cycle c on c.id = e.cycle_id join distribution_queue q on q.id = c.queue_id
             where e.id > $1 and (e.kind = 'released' or e.kind in ('timed_out', 'undeliverable') and e.cause = 'alarm')
             order by e.id",
        )
        .bind(self.looked_until)
        .fetch_all(&self.harness.app.pool)
        .await
        .expect("a look");
        let (mut before, mut after, mut rolled) = (Vec::new(), Vec::new(), false);
        for (kind, name) in told {
            rolled |= kind != "released";
            let queue = NAMES.iter().position(|known| *known == name);
            let list = if rolled { &mut after } else { &mut before };
            if let Some(queue) = queue.filter(|queue| kind == "released" && !list.contains(queue)) {
                list.push(queue);
            }
        }
        (before, after)
    }

    /// From now on, `released` is about what comes.
    pub(super) async fn forget_released(&mut self) {
        let last = "select coalesce(max(id), 0) from distribution_event";
        self.looked_until = sqlx::query_scalar(last)
            .fetch_one(&self.harness.app.pool)
            .await
            .expect("a look");
    }

    /// Of an offer whose time was up before the freeze, the alarm may have rung during the freeze, or
    /// only after the thaw: whether it rolled by itself the model is told. The offer may have been let go since.
    async fn leave_the_overdue_to_the_sweep(&mut self) {
        let Some(since) = self.model.frozen_since else {
            return;
        };
        let not_rolled: Vec<(String, Time)> = sqlx::query_as(
            "select right(l.phone, 1), a.assigned_at from distribution_attempt a
             join distribution_cycle c on c.id = a.cycle_id join lead l on l.id = c.lead_id
             where a.status in ('open', 'withdrawn')
               and not exists (select from apalis.jobs j
                               where j.job_type like 'check-ack%' and j.idempotency_key like a.id || '@%')",
        )
        .fetch_all(&self.harness.app.pool)
        .await
        .expect("a look");
        for (number, offer) in self.model.open_offers_by_lead() {
            let this = (number.to_string(), offer.assigned);
            if offer.deadline <= since && not_rolled.contains(&this) {
                offer.alarm = false;
            }
        }
    }

    /// A freeze stops alarms and no handover. Whether a waiting handover ran before the freeze ended is told by the log.
    async fn handed_over_while_frozen(&self) -> bool {
        let Some(since) = self.model.handover_waits_since() else {
            return false;
        };
        let waiting = self.model.handovers_wait_for();
        let waiting: Vec<String> = waiting.map(|agent| agent_id(agent).0).collect();
        sqlx::query_scalar(
            "select exists (
                 select from distribution_event w join distribution_attempt a on a.id = w.attempt_id
                 where w.kind = 'withdrawn' and w.at >= $1 and w.detail ->> 'reason' = 'disabled' and a.sales_id = any($2)
                   and w.id < (select max(id) from distribution_event where kind = 'thawed'))",
        )
        .bind(since)
        .bind(waiting)
        .fetch_one(&self.harness.app.pool)
        .await
        .expect("a look")
    }

    /// When the provider accepted an offer is told by the database. One that it accepted late has its full
    /// window from then: the model believes a moved deadline only if that is what happened.
    async fn follow_deliveries(&mut self) {
        let accepted: Vec<(String, Time, Time, Time)> = sqlx::query_as(
            "select right(l.phone, 1), a.assigned_at, a.offer_accepted_at, a.ack_deadline_at
             from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id join lead l on l.id = c.lead_id
             where a.status = 'open' and a.offer_accepted_at is not null",
        )
        .fetch_all(&self.harness.app.pool)
        .await
        .expect("a look");
        let next = self.model.next_alarm();
        for (number, offer) in self.model.open_offers_by_lead() {
            let found = accepted
                .iter()
                .find(|(lead, at, ..)| *at == offer.assigned && *lead == number.to_string());
            let Some((_, assigned, at, deadline)) = found else {
                continue;
            };
            offer.accepted = Some(*at);
            let late = *at - *assigned > TimeDelta::seconds(1);
            if late && *deadline > offer.deadline && *deadline == *at + TimeDelta::minutes(5) {
                offer.move_deadline(*deadline, next);
            }
        }
    }
}
