//! The agents of the model.

use super::promise::Time;
use super::{AGENTS, QUEUES};

/// The agents: who is in the queue, away, at their limit or disabled.
#[derive(Clone, Debug)]
pub(super) struct Team {
    pub(super) agents: [Agent; AGENTS],
    /// How many offers are open to each, and leads they own.
    pub(super) load: [usize; AGENTS],
}

/// The break of an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Break {
    No,
    /// Without a known end.
    Open,
    Until(Time),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Agent {
    /// By queue: whether their place in it is active.
    pub(super) active: [bool; QUEUES],
    pub(super) rests: Break,
    pub(super) most_open: Option<usize>,
    pub(super) disabled_at: Option<Time>,
}

impl Team {
    pub(super) fn is_paused(&self, agent: usize, now: Time) -> bool {
        match self.agents[agent].rests {
            Break::No => false,
            Break::Open => true,
            Break::Until(until) => now < until,
        }
    }

    pub(super) fn on_duty(&self, agent: usize, now: Time) -> bool {
        let at_limit = self.agents[agent]
            .most_open
            .is_some_and(|most| self.load[agent] >= most);
        self.agents[agent].disabled_at.is_none() && !self.is_paused(agent, now) && !at_limit
    }

    /// When an agent who is away comes back, if that is known.
    pub(super) fn back(&self, agent: usize, now: Time) -> Option<Time> {
        match self.agents[agent] {
            Agent {
                rests: Break::Until(until),
                disabled_at: None,
                ..
            } if now < until => Some(until),
            _ => None,
        }
    }

    /// Who can be asked now or at a known time.
    pub(super) fn known(&self, now: Time) -> Vec<usize> {
        let known = |agent: &usize| self.on_duty(*agent, now) || self.back(*agent, now).is_some();
        (0..AGENTS).filter(known).collect()
    }
}
