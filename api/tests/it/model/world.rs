//! The real system, driven step by step beside the model.

use super::promise::{Model, Time};
use super::team::Break;
use super::{AGENTS, QUEUES, Step};
use chrono::TimeDelta;
use shared::auth::{self, AccountChange};
use shared::availability::{self, Availability};
use shared::distribution::{self, Cause, Channel, InboundMessage, Policy, Undeliverable};
use shared::id::{AttemptId, UserId};
use shared::phone::Phone;
use shared::testing::{Harness, ok_of};
use std::time::Duration;
use uuid::Uuid;
use worker::drain;

pub(super) struct World {
    pub(super) harness: Harness,
    pub(super) model: Model,
    pub(super) workers: bool,
    /// Whether clients wrote at one moment. Then nobody gets a limit.
    pub(super) offers_have_one_deadline: bool,
    /// The last event of the log when the model looked at held leads.
    pub(super) looked_until: i64,
}

pub(super) const LABELS: [&str; AGENTS] = ["A", "B", "C"];
/// The names of the queues, and the campaigns whose leads they get.
pub(super) const NAMES: [&str; QUEUES] = ["Antrian utama", "Kedua"];
const CAMPAIGNS: [Option<&str>; QUEUES] = [None, Some("kedua")];

fn client(lead: usize) -> Phone {
    Phone::from_human("client", &format!("08123400000{lead}")).expect("a number")
}

pub(super) fn agent_id(agent: usize) -> UserId {
    UserId(format!("sales-{}", LABELS[agent].to_lowercase()))
}

impl World {
    /// A new world, on the harness that [`Self::first_harness`] made.
    pub(super) fn begin(harness: Harness) -> Self {
        Self {
            harness,
            model: Model::new(),
            workers: true,
            offers_have_one_deadline: false,
            looked_until: 0,
        }
    }

    /// Two queues: A, B and C in the first, C and A in the second. It can begin again.
    pub(super) async fn first_harness() -> Harness {
        let harness = Harness::new().await;
        for statement in [
            "update sales_queue set active = label in ('A', 'B', 'C')",
            "with second as (
                 insert into distribution_queue (id, name) values ('ffffffff-ffff-4fff-bfff-ffffffffffff', 'Kedua')
                 returning id),
             rule as (
                 insert into distribution_queue_rule (queue_id, campaign) select id, 'kedua' from second)
             insert into sales_queue (queue_id, sales_id, queue_order, label)
             select second.id, 'sales-' || lower(place.label), place.position, place.label
             from second, unnest(array['C', 'A']) with ordinality as place (label, position)",
            "update distribution_queue set release_stagger_seconds = 0",
        ] {
            sqlx::query(statement)
                .execute(&harness.app.pool)
                .await
                .expect(statement);
        }
        harness.remember().await;
        harness
    }

    async fn execute(&self, statement: &'static str) {
        sqlx::query(statement)
            .execute(&self.harness.app.pool)
            .await
            .expect(statement);
    }

    /// What a client writes about something that belongs to a queue.
    pub(super) fn word(lead: usize, queue: usize) -> InboundMessage {
        InboundMessage {
            channel: Channel::Chat,
            from: client(lead).into(),
            body: "Halo".to_owned(),
            campaign: CAMPAIGNS[queue].map(str::to_owned),
            ..ok_of("A")
        }
    }

    pub(super) fn now(&self) -> Time {
        self.harness.now()
    }

    /// Takes the step in both worlds.
    pub(super) async fn take(&mut self, step: &Step) {
        let now = self.now();
        let app = self.harness.app.clone();
        match step {
            Step::Enquiry { lead, queue } => self.client_writes(*lead, *queue).await,
            Step::NewClients(queue) => self.new_clients_write(*queue).await,
            Step::ChangeNumber { old, new } => {
                distribution::change_number(&app, &client(*old), &client(*new))
                    .await
                    .expect("changed");
                self.model.change_number(*old, *new);
            }
            Step::Ok {
                agent,
                lead,
                sent_ago,
            } => {
                self.say(*agent, *lead, "OK", *sent_ago).await;
                self.model.ok(*agent, *lead, now - *sent_ago, now);
            }
            Step::Decline { agent, lead } => {
                self.say(*agent, *lead, "LEWATI", TimeDelta::zero()).await;
                self.model.decline(*agent, *lead, now);
            }
            Step::Undeliverable(lead) => {
                let open = "select a.id from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
                            join lead l on l.id = c.lead_id where a.status = 'open' and l.phone like '%0000' || $1";
                let open: Option<Uuid> = sqlx::query_scalar(open)
                    .bind(lead.to_string())
                    .fetch_optional(&app.pool)
                    .await
                    .expect("a look");
                if let Some(attempt) = open {
                    let why = Undeliverable::Refused;
                    distribution::offer_undeliverable(&app, AttemptId(attempt), why)
                        .await
                        .expect("passed on");
                }
                self.model.undeliverable(*lead, now);
            }
            Step::Wait(time) => self.wait(*time).await,
            Step::Freeze if self.model.frozen_since.is_none() => {
                sqlx::query(
                    "insert into provider_health (provider, failures, failing_since, frozen_since, reason)
                     values ('dummy', 1, $1, $1, 'a test')
                     on conflict (provider) do update set failures = 1, failing_since = $1, frozen_since = $1, reason = 'a test'",
                )
                .bind(now)
                .execute(&app.pool)
                .await
                .expect("a freeze");
                sqlx::query(
                    "insert into distribution_event (at, kind, cause, worker) values ($1, 'frozen', 'provider', 'test')",
                )
                .bind(now)
                .execute(&app.pool)
                .await
                .expect("it is logged");
                self.model.frozen_since = Some(now);
            }
            Step::Thaw => {
                self.model.roll(now, |offer| {
                    offer.accepted.is_some() && offer.deadline < now - TimeDelta::seconds(2)
                        || Model::is_unsent(offer, now)
                });
                self.model.let_go_of_disabled(now);
                self.model.look(now, &[]);
                distribution::audit(&app, false).await.expect("an audit");
                distribution::reconsider_held(&app).await.expect("a look");
                self.model.set_alarms(now);
            }
            Step::Freeze => {}
            Step::Kill => self.workers = false,
            Step::Restart => self.workers = true,
            Step::LoseAlarms => {
                self.execute("delete from apalis.jobs where job_type like 'check-ack%' and status = 'Pending'").await;
                self.model.lose_alarms();
            }
            Step::Sweep => self.sweep().await,
            Step::Toggle { .. }
            | Step::Pause { .. }
            | Step::Resume(_)
            | Step::Limit { .. }
            | Step::Disable(_) => self.change_team(step).await,
        }
        self.work().await;
    }

    /// A step that changes who can be asked.
    async fn change_team(&mut self, step: &Step) {
        let now = self.now();
        let app = self.harness.app.clone();
        match step {
            Step::Toggle { agent, queue } => {
                sqlx::query(
                    "update sales_queue set active = not active
                     where label = $1 and queue_id = (select id from distribution_queue where name = $2)",
                )
                .bind(LABELS[*agent])
                .bind(NAMES[*queue])
                .execute(&app.pool)
                .await
                .expect("an edit");
                // A queue may have no place for the agent.
                self.model.toggle(*agent, *queue);
            }
            Step::Pause { agent, time } => {
                let rests = time.map_or(Break::Open, |time| Break::Until(now + time));
                self.model.set_break(*agent, rests);
                self.store_availability(*agent).await;
            }
            Step::Resume(agent) => {
                self.model.set_break(*agent, Break::No);
                self.store_availability(*agent).await;
            }
            Step::Limit { most: Some(_), .. } if self.offers_have_one_deadline => {}
            Step::Limit { agent, most } => {
                self.model.set_limit(*agent, *most);
                self.store_availability(*agent).await;
            }
            Step::Disable(agent) => {
                let disabled = !self.model.is_disabled(*agent);
                let change = AccountChange {
                    disabled: Some(disabled),
                    ..AccountChange::default()
                };
                let admin = UserId("admin".to_owned());
                auth::change_account(&app, &admin, &agent_id(*agent), &change)
                    .await
                    .expect("a change");
                self.model.disable(*agent, disabled, now);
            }
            _ => {}
        }
    }

    /// Stores the model's record of an agent.
    async fn store_availability(&self, agent: usize) {
        let (rests, most_open) = self.model.availability(agent);
        let availability = Availability {
            paused_since: (rests != Break::No).then(|| self.now()),
            paused_until: match rests {
                Break::Until(until) => Some(until),
                Break::No | Break::Open => None,
            },
            most_open: most_open.and_then(|most| i32::try_from(most).ok()),
            ..Availability::default()
        };
        availability::set(&self.harness.app, &agent_id(agent), &availability)
            .await
            .expect("set");
    }

    async fn wait(&mut self, time: TimeDelta) {
        let target = self.now() + time;
        if !self.workers {
            self.harness.app.clock.set(target);
            return;
        }
        // From one deadline, or try of a message, to the next, as workers would.
        while self.now() < target {
            let next = self
                .model
                .next_roll(target)
                .filter(|next| *next > self.now());
            let back = self.model.next_return(self.now(), target);
            let stop = next
                .unwrap_or(target)
                .min(back.unwrap_or(target))
                .min(self.now() + TimeDelta::seconds(60));
            drain::run_until(&self.harness.app, stop)
                .await
                .expect("jobs run");
            self.model.former_alarms_ring(stop);
            self.settle_model().await;
            self.look().await;
        }
    }

    /// Workers, if there are any, do what is due.
    pub(super) async fn work(&mut self) {
        if self.workers {
            drain::drain(&self.harness.app).await.expect("jobs run");
        }
        self.settle_model().await;
        self.look().await;
    }

    /// The sweep looks at held leads, and the offers that it makes are sent.
    async fn look(&mut self) {
        if !self.workers {
            return;
        }
        self.model.hand_over(self.now());
        let (before, after) = self.released().await;
        self.model.look(self.now(), &[before, after].concat());
        self.forget_released().await;
        distribution::reconsider_held(&self.harness.app)
            .await
            .expect("a look");
        drain::drain(&self.harness.app).await.expect("jobs run");
        self.settle_model().await;
    }

    async fn sweep(&mut self) {
        let (app, now) = (self.harness.app.clone(), self.now());
        distribution::roll_all_due(&app, Duration::ZERO, Cause::Sweep)
            .await
            .expect("a sweep");
        self.model.roll(now, |offer| offer.deadline <= now);
        self.model.roll(now, |offer| Model::is_unsent(offer, now));
        self.model.let_go_of_disabled(now);
        self.model.look(now, &[]);
        distribution::audit(&app, false).await.expect("an audit");
        distribution::reconsider_held(&app).await.expect("a look");
        self.model.set_alarms(now);
    }

    /// With workers and the provider back, every lead comes to an end and no rule is broken.
    pub(super) async fn settles(&mut self) -> Result<(), String> {
        for agent in 0..AGENTS {
            if self.model.is_disabled(agent) {
                self.take(&Step::Disable(agent)).await;
            }
            self.take(&Step::Resume(agent)).await;
            self.take(&Step::Limit { agent, most: None }).await;
        }
        for step in [
            Step::Restart,
            Step::Thaw,
            Step::Sweep,
            Step::Wait(TimeDelta::minutes(30)),
            Step::Sweep,
            Step::Wait(TimeDelta::minutes(30)),
        ] {
            self.take(&step).await;
        }
        self.agrees().await?;
        self.simulation_agrees().await?;
        let left = self.model.open_offers().count();
        let breaches = distribution::audit(&self.harness.app, false)
            .await
            .expect("an audit");
        if left == 0 && breaches.is_empty() {
            Ok(())
        } else {
            Err(format!(
                "{left} offers are still open; the audit says {breaches:?}"
            ))
        }
    }

    /// With the recorded policy, named or not, a simulation is history.
    async fn simulation_agrees(&self) -> Result<(), String> {
        let (to, five_minutes) = (self.now(), Some(Duration::from_secs(300)));
        for window in [None, five_minutes] {
            let policy = Policy {
                window,
                ..Policy::default()
            };
            let from = to - TimeDelta::days(30);
            let simulation = distribution::simulate(&self.harness.app, &policy, from, to)
                .await
                .expect("a simulation");
            if simulation.recorded != simulation.simulated {
                return Err(format!(
                    "history and simulation differ with window {window:?}:\n  {:?}\n  {:?}",
                    simulation.recorded, simulation.simulated
                ));
            }
        }
        Ok(())
    }
}
