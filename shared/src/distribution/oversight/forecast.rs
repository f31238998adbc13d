//! Who is offered a lead next, if nothing else changes: the forecast of the board and of a queue.
//!
//! It asks the same function that decides, with what a board has read. Another lead of a rotating queue that is offered before
//! can change who is next.

use crate::App;
use crate::Result;
use crate::availability::{self, DutyStatus, Reason};
use crate::distribution::model::{BoardAgent, BoardLead, BoardSeat, CycleStatus, QueueSeat};
use crate::distribution::store;
use crate::distribution::turn::{self, Contender, Rules};
use crate::id::{CycleId, QueueId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;

/// How many agents the board names.
const HOW_MANY: usize = 2;
/// How many agents are named for a queue.
const HOW_MANY_OF_A_QUEUE: usize = 3;

/// Who would be offered the next lead of a queue, and who follows if nobody answers: at most three.
pub async fn next_of_queue(app: &App, queue: QueueId) -> Result<Vec<UserId>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let seats = store::seats_of_queue(&mut connection, queue).await?;
    let Some(first) = seats.first() else {
        return Ok(Vec::new());
    };
    let rules = Rules {
        strategy: first.strategy,
        former_agent: None,
        most_turns_owed: first.most_turns_owed,
    };
    let ids = seats.iter().map(|seat| seat.sales_id.clone()).collect();
    let team = Team::of(app, &mut connection, ids, now).await?;
    let contender = |seat: QueueSeat| {
        team.contender(Seat {
            sales_id: seat.sales_id,
            label: seat.label,
            weight: seat.weight,
            guest: false,
            credit: Some(seat.credit),
            asked: None,
        })
    };
    let contenders = seats.into_iter().filter_map(contender).collect();
    Ok(team.first(&rules, contenders, HOW_MANY_OF_A_QUEUE))
}

/// A place of a cycle, or of a queue as one would begin now.
struct Seat {
    sales_id: UserId,
    label: String,
    weight: i32,
    guest: bool,
    credit: Option<i64>,
    asked: Option<Reason>,
}

/// The agents of a forecast, with their present state.
pub(super) struct Team {
    agents: HashMap<UserId, (BoardAgent, DutyStatus)>,
    most_open: u32,
}

impl Team {
    /// Reads the agents of every lead with an open offer.
    pub(super) async fn read(
        app: &App,
        connection: &mut PgConnection,
        leads: &[BoardLead],
        seats: &HashMap<CycleId, Vec<BoardSeat>>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let open = leads.iter().filter(|lead| lead.status == CycleStatus::Open);
        let seats = open.filter_map(|lead| seats.get(&lead.cycle)).flatten();
        let mut ids: Vec<UserId> = seats.map(|seat| seat.sales_id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        Self::of(app, connection, ids, now).await
    }

    async fn of(
        app: &App,
        connection: &mut PgConnection,
        ids: Vec<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let most_open = app.distribution.most_open_offers;
        let mut duty = availability::duty_statuses(connection, &ids, now).await?;
        let agents = store::board_agents(connection, &ids, most_open).await?;
        let agents = agents.into_iter().map(|agent| {
            let duty = if agent.disabled {
                store::DISABLED
            } else {
                duty.remove(&agent.id).unwrap_or(DutyStatus::OnDuty)
            };
            (agent.id.clone(), (agent, duty))
        });
        Ok(Self {
            agents: agents.collect(),
            most_open,
        })
    }

    /// Who is offered the lead next, and after that.
    pub(super) fn next(&self, lead: &BoardLead, seats: &[BoardSeat]) -> Vec<UserId> {
        if lead.status != CycleStatus::Open {
            return Vec::new();
        }
        let rules = Rules {
            strategy: lead.strategy,
            former_agent: lead.former_agent.clone(),
            most_turns_owed: lead.most_turns_owed,
        };
        let contender = |seat: &BoardSeat| {
            self.contender(Seat {
                sales_id: seat.sales_id.clone(),
                label: seat.label.clone(),
                weight: seat.weight,
                guest: seat.guest,
                credit: seat.credit,
                asked: seat.status.map(store::ended),
            })
        };
        self.first(
            &rules,
            seats.iter().filter_map(contender).collect(),
            HOW_MANY,
        )
    }

    /// The first agents that the rules choose, each as if the ones before had not answered.
    fn first(&self, rules: &Rules, mut contenders: Vec<Contender>, count: usize) -> Vec<UserId> {
        let full: Vec<bool> = contenders
            .iter()
            .map(|one| self.is_full(&one.sales_id))
            .collect();
        store::pass_over_the_full(&mut contenders, &full);
        let mut first = Vec::new();
        while first.len() < count {
            let decision = turn::decide(rules, &contenders);
            let Some(chosen) = decision.chosen else { break };
            let credits: HashMap<UserId, i64> = decision.credits.into_iter().collect();
            for contender in &mut contenders {
                if let Some(credit) = credits.get(&contender.sales_id) {
                    contender.credit = Some(*credit);
                }
            }
            contenders[chosen].asked = Some(Reason::Asked);
            first.push(contenders[chosen].sales_id.clone());
        }
        first
    }

    /// The seat with the present state of its agent. `None` if the agent does not exist any more.
    fn contender(&self, seat: Seat) -> Option<Contender> {
        let (agent, duty) = self.agents.get(&seat.sales_id)?;
        Some(Contender {
            sales_id: seat.sales_id,
            label: seat.label,
            weight: i64::from(seat.weight),
            guest: seat.guest,
            address: agent.address.clone(),
            credit: seat.credit,
            asked: seat.asked,
            duty: *duty,
        })
    }

    fn is_full(&self, agent: &UserId) -> bool {
        let open = self.agents.get(agent).map_or(0, |(agent, _)| agent.open);
        self.most_open > 0 && open >= i64::from(self.most_open)
    }
}
