//! The model of a lead: its cycles and their offers.

use super::promise::{Time, WINDOW};
use super::team::Team;

#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) agent: usize,
    pub(super) status: &'static str,
    pub(super) assigned: Time,
    pub(super) deadline: Time,
    /// Whether an alarm is set for its deadline.
    pub(super) alarm: bool,
    /// When the provider accepted it. Without that it never times out.
    pub(super) accepted: Option<Time>,
    /// The how-manieth offer of the history it is, from 1. Jobs of one instant run in this order.
    pub(super) made: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Cycle {
    pub(super) status: &'static str,
    pub(super) members: Vec<usize>,
    pub(super) offers: Vec<Offer>,
    pub(super) closed: Option<Time>,
}

#[derive(Clone, Debug)]
pub(super) struct Lead {
    pub(super) status: &'static str,
    pub(super) owner: Option<usize>,
    pub(super) cycles: Vec<Cycle>,
    /// When the last cycle began.
    pub(super) started: Time,
}

impl Cycle {
    fn was_asked(&self, agent: usize) -> bool {
        self.offers.iter().any(|offer| offer.agent == agent)
    }

    pub(super) fn not_asked(&self) -> impl Iterator<Item = usize> {
        let members = self.members.iter().copied();
        members.filter(|agent| !self.was_asked(*agent))
    }

    /// Offers the lead to the next agent on duty. Without one the cycle is held or hangus.
    pub(super) fn offer_next(&mut self, team: &Team, now: Time) {
        let next = self.not_asked().find(|agent| team.on_duty(*agent, now));
        if let Some(agent) = next {
            self.status = "open";
            self.offers.push(Offer {
                agent,
                status: "open",
                assigned: now,
                deadline: now + WINDOW,
                alarm: true,
                accepted: None,
                made: 0,
            });
            return;
        }
        let somebody_is_on_duty = self.members.iter().any(|agent| team.on_duty(*agent, now));
        let somebody_was_asked = self
            .offers
            .iter()
            .any(|offer| offer.status != "undeliverable");
        let someone_is_left = self.not_asked().next().is_some();
        let comes_back = self
            .not_asked()
            .any(|agent| team.back(agent, now).is_some());
        if !somebody_is_on_duty && someone_is_left && (!somebody_was_asked || comes_back) {
            self.status = "held";
        } else {
            self.status = "hangus";
            self.closed = Some(now);
        }
    }

    pub(super) fn open(&mut self) -> Option<&mut Offer> {
        self.offers.iter_mut().find(|offer| offer.status == "open")
    }
}

impl Lead {
    pub(super) fn begin(&mut self, members: Vec<usize>, team: &Team, now: Time) {
        self.status = "distributing";
        let mut cycle = Cycle {
            status: "open",
            members,
            offers: Vec::new(),
            closed: None,
        };
        if cycle.members.is_empty() {
            cycle.status = "held";
        } else {
            cycle.offer_next(team, now);
        }
        self.cycles.push(cycle);
        self.started = now;
        self.follow();
    }

    /// A lead is hangus when its cycle is.
    pub(super) fn follow(&mut self) {
        if self.owner.is_none()
            && self
                .cycles
                .last()
                .is_some_and(|cycle| cycle.status == "hangus")
        {
            self.status = "hangus";
        }
    }
}
