//! Who is offered a lead next, if nothing else changes: the board's forecast.
//!
//! It asks the same function that decides, with what a board has read. Another lead of a rotating queue that is offered before
//! can change who is next.

use crate::App;
use crate::Result;
use crate::availability::{self, DutyStatus, Reason};
use crate::distribution::model::{BoardAgent, BoardLead, BoardSeat, CycleStatus};
use crate::distribution::store;
use crate::distribution::turn::{self, Contender, Rules};
use crate::id::{CycleId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;

/// How many agents a forecast names.
const HOW_MANY: usize = 2;

/// The agents of a board, with their present state.
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
        let most_open = app.distribution.most_open_offers;
        let open = leads.iter().filter(|lead| lead.status == CycleStatus::Open);
        let seats = open.filter_map(|lead| seats.get(&lead.cycle)).flatten();
        let mut ids: Vec<UserId> = seats.map(|seat| seat.sales_id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
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
        let mut contenders: Vec<Contender> = seats
            .iter()
            .filter_map(|seat| self.contender(seat))
            .collect();
        let full: Vec<bool> = contenders
            .iter()
            .map(|one| self.is_full(&one.sales_id))
            .collect();
        store::pass_over_the_full(&mut contenders, &full);
        let mut next = Vec::new();
        while next.len() < HOW_MANY {
            let decision = turn::decide(&rules, &contenders);
            let Some(chosen) = decision.chosen else { break };
            let credits: HashMap<UserId, i64> = decision.credits.into_iter().collect();
            for contender in &mut contenders {
                if let Some(credit) = credits.get(&contender.sales_id) {
                    contender.credit = Some(*credit);
                }
            }
            contenders[chosen].asked = Some(Reason::Asked);
            next.push(contenders[chosen].sales_id.clone());
        }
        next
    }

    fn contender(&self, seat: &BoardSeat) -> Option<Contender> {
        let (agent, duty) = self.agents.get(&seat.sales_id)?;
        Some(Contender {
            sales_id: seat.sales_id.clone(),
            label: seat.label.clone(),
            weight: i64::from(seat.weight),
            guest: seat.guest,
            address: agent.address.clone(),
            credit: seat.credit,
            asked: seat.status.map(store::ended),
            duty: *duty,
        })
    }

    fn is_full(&self, agent: &UserId) -> bool {
        let open = self.agents.get(agent).map_or(0, |(agent, _)| agent.open);
        self.most_open > 0 && open >= i64::from(self.most_open)
    }
}
