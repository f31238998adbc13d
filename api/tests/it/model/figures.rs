//! The figures against the event log: after any history they add up.

use super::world::World;
use chrono::NaiveDate;
use shared::auth;
use shared::dashboard::{self, FunnelRow, Grouping, Period};
use shared::local_time::Timezone;
use shared::pipeline::{self, Filter, PageRequest, Step};
use sqlx::Row;
use std::collections::BTreeMap;

/// Offered, claimed, passed, silent.
type Answers = [i64; 4];

impl World {
    /// Compares the funnel with the lists, and each agent's figures with the event log.
    pub(super) async fn figures_add_up(&self) -> Result<(), String> {
        let app = &self.harness.app;
        let period = Period {
            first_day: NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day"),
            last_day: NaiveDate::from_ymd_opt(2026, 12, 31).expect("a day"),
            timezone: Timezone::Jakarta,
        };
        let funnel = dashboard::funnel(app, period, Some(Grouping::Campaign))
            .await
            .expect("a funnel");
        for (figure, step) in figures(&funnel.total) {
            let listed = self.listed(step, period).await;
            if figure != listed {
                return Err(format!(
                    "{step:?}: the funnel says {figure}, the list {listed}"
                ));
            }
        }
        for step in 0..figures(&funnel.total).len() {
            let groups = funnel.groups.iter().map(|group| figures(group)[step].0);
            let (sum, total) = (groups.sum::<i64>(), figures(&funnel.total)[step].0);
            if sum != total {
                return Err(format!(
                    "the groups of step {step} are {sum}, and all are {total}"
                ));
            }
        }
        let agents = dashboard::agents(app, period).await.expect("agents");
        let told: BTreeMap<String, Answers> = agents
            .into_iter()
            .map(|agent| {
                let answers = [agent.offered, agent.claimed, agent.passed, agent.silent];
                (agent.sales_id.0, answers)
            })
            .filter(|(_, answers)| *answers != [0; 4])
            .collect();
        let logged = self.answers_in_the_log().await;
        if told != logged {
            return Err(format!(
                "the figures say {told:?}, the event log {logged:?}"
            ));
        }
        Ok(())
    }

    async fn listed(&self, step: Step, period: Period) -> i64 {
        let app = &self.harness.app;
        let users = auth::accounts(app).await.expect("users");
        let admin = users
            .into_iter()
            .find(|account| account.user.id.0 == "admin");
        let (from, to) = period.instants().expect("a period");
        let request = PageRequest {
            filter: Filter {
                step: Some(step),
                from: Some(from),
                to: Some(to),
                ..Filter::default()
            },
            limit: 100,
            ..PageRequest::default()
        };
        let page = pipeline::list(app, &admin.expect("an admin").user, &request)
            .await
            .expect("a page");
        i64::try_from(page.entries.len()).expect("few")
    }

    /// What each agent did, counted from the log alone.
    async fn answers_in_the_log(&self) -> BTreeMap<String, Answers> {
        let rows = sqlx::query(
            "with last as (
                 select distinct on (attempt_id) attempt_id, sales_id, kind from distribution_event
                 where attempt_id is not null
                   and kind in ('offered', 'accepted', 'taken_back', 'declined', 'timed_out', 'undeliverable', 'withdrawn')
                 order by attempt_id, id desc)
             select sales_id, count(*) filter (where kind <> 'undeliverable'),
                    count(*) filter (where kind in ('accepted', 'taken_back')), count(*) filter (where kind = 'declined'),
                    count(*) filter (where kind = 'timed_out')
             from last group by sales_id",
        )
        .fetch_all(&self.harness.app.pool)
        .await
        .expect("the log");
        rows.into_iter()
            .map(|row| (row.get(0), [row.get(1), row.get(2), row.get(3), row.get(4)]))
            .filter(|(_, answers)| *answers != [0; 4])
            .collect()
    }
}

fn figures(row: &FunnelRow) -> [(i64, Step); 9] {
    [
        (row.leads, Step::Lead),
        (row.offered, Step::Offered),
        (row.claimed, Step::Claimed),
        (row.assigned, Step::Assigned),
        (row.contacted, Step::Contacted),
        (row.visit, Step::Visit),
        (row.won, Step::Won),
        (row.lost, Step::Lost),
        (row.hangus, Step::Hangus),
    ]
}
