//! The model: what distribution promises, without a database.

use super::{AGENTS, LEADS};
use chrono::{DateTime, TimeDelta, Utc};

pub(super) type Time = DateTime<Utc>;

/// How long an agent has.
const WINDOW: TimeDelta = TimeDelta::minutes(5);
/// An offer that was not accepted within this time goes to the next agent.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);
/// For this long after hangus, an OK that was in time still counts.
const GRACE: TimeDelta = TimeDelta::minutes(10);
/// WhatsApp's times are whole seconds.
const SECOND: TimeDelta = TimeDelta::seconds(1);

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
}

#[derive(Clone, Debug)]
pub(super) struct Cycle {
    pub(super) status: &'static str,
    members: Vec<usize>,
    pub(super) offers: Vec<Offer>,
    closed: Option<Time>,
}

#[derive(Clone, Debug)]
pub(super) struct Lead {
    pub(super) status: &'static str,
    pub(super) owner: Option<usize>,
    pub(super) cycles: Vec<Cycle>,
}

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) leads: Vec<Option<Lead>>,
    active: [bool; AGENTS],
    pub(super) frozen_since: Option<Time>,
}

impl Cycle {
    fn offer_next(&mut self, now: Time) {
        let asked = |agent: &usize| self.offers.iter().any(|offer| offer.agent == *agent);
        let Some(agent) = self.members.iter().copied().find(|agent| !asked(agent)) else {
            self.status = "hangus";
            self.closed = Some(now);
            return;
        };
        self.offers.push(Offer {
            agent,
            status: "open",
            assigned: now,
            deadline: now + WINDOW,
            alarm: true,
            accepted: None,
        });
    }

    pub(super) fn open(&mut self) -> Option<&mut Offer> {
        self.offers.iter_mut().find(|offer| offer.status == "open")
    }

    /// The open offer ends so, and the next agent is asked.
    fn goes_on(&mut self, ended: &'static str, now: Time) {
        if let Some(offer) = self.open() {
            offer.status = ended;
            self.offer_next(now);
        }
    }
}

impl Lead {
    fn begin(&mut self, members: Vec<usize>, now: Time) {
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
            cycle.offer_next(now);
        }
        self.cycles.push(cycle);
        self.follow();
    }

    /// A lead is hangus when its cycle is.
    fn follow(&mut self) {
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

impl Model {
    pub(super) fn new() -> Self {
        Self {
            leads: vec![None; LEADS],
            active: [true; AGENTS],
            frozen_since: None,
        }
    }

    fn queue(&self) -> Vec<usize> {
        (0..AGENTS).filter(|agent| self.active[*agent]).collect()
    }

    pub(super) fn toggle(&mut self, agent: usize, now: Time) {
        self.active[agent] = !self.active[agent];
        // What was held for an empty queue is released when an agent joins it.
        let queue = self.queue();
        if !queue.is_empty() {
            for lead in self.leads.iter_mut().flatten() {
                for cycle in lead
                    .cycles
                    .iter_mut()
                    .filter(|cycle| cycle.status == "held")
                {
                    cycle.status = "open";
                    cycle.members.clone_from(&queue);
                    cycle.offer_next(now);
                }
                lead.follow();
            }
        }
    }

    pub(super) fn enquiry(&mut self, lead: usize, now: Time) {
        let queue = self.queue();
        let lead = self.leads[lead].get_or_insert(Lead {
            status: "new",
            owner: None,
            cycles: Vec::new(),
        });
        if lead.status != "distributing" && lead.status != "claimed" {
            lead.begin(queue, now);
        }
    }

    /// An OK of `time`, handled at `now`, to the agent's latest offer of the lead.
    pub(super) fn ok(&mut self, agent: usize, lead: usize, time: Time, now: Time) {
        let frozen_since = self.frozen_since;
        let Some(lead) = &mut self.leads[lead] else {
            return;
        };
        let latest = |cycle: &Cycle| cycle.offers.iter().rposition(|offer| offer.agent == agent);
        let Some((at, index)) = lead
            .cycles
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, cycle)| Some((at, latest(cycle)?)))
        else {
            return;
        };
        let owned = lead.owner.is_some();
        let cycle = &mut lead.cycles[at];
        let offer = &mut cycle.offers[index];
        if time < offer.assigned - SECOND {
            return;
        }
        let in_time = time < offer.deadline;
        let held_by_freeze = frozen_since.is_some_and(|since| since < offer.deadline);
        let live = cycle.status == "open"
            || cycle.status == "held"
            || cycle.status == "hangus" && cycle.closed.is_some_and(|closed| closed > now - GRACE);
        let wins = match offer.status {
            "open" => in_time || held_by_freeze,
            "timed_out" => in_time && !owned && live,
            _ => false,
        };
        if !wins {
            return;
        }
        offer.status = "accepted";
        if !in_time {
            offer.deadline = time + WINDOW;
        }
        (lead.status, lead.owner) = ("claimed", Some(agent));
        for (number, cycle) in lead.cycles.iter_mut().enumerate() {
            if let Some(held) = cycle.open() {
                held.status = "withdrawn";
            }
            if number == at {
                cycle.status = "accepted";
            } else if cycle.status == "open" || cycle.status == "held" {
                cycle.status = "cancelled";
            }
        }
    }

    pub(super) fn decline(&mut self, agent: usize, lead: usize, now: Time) {
        let Some(lead) = &mut self.leads[lead] else {
            return;
        };
        if let Some(cycle) = lead.cycles.last_mut()
            && cycle.open().is_some_and(|offer| offer.agent == agent)
        {
            cycle.goes_on("declined", now);
            lead.follow();
        }
    }

    pub(super) fn undeliverable(&mut self, lead: usize, now: Time) {
        let Some(lead) = &mut self.leads[lead] else {
            return;
        };
        if let Some(cycle) = lead.cycles.last_mut() {
            cycle.goes_on("undeliverable", now);
            lead.follow();
        }
    }

    /// The earliest deadline that comes by `until` and has an alarm.
    pub(super) fn next_roll(&mut self, until: Time) -> Option<Time> {
        if self.frozen_since.is_some() {
            return None;
        }
        let minded = self
            .open_offers()
            .filter(|offer| offer.alarm && offer.deadline <= until);
        minded.map(|offer| offer.deadline).min()
    }

    /// Rolls the attempt of a job or sweep that considers it due.
    pub(super) fn roll(&mut self, now: Time, is_due: impl Fn(&Offer) -> bool) {
        if self.frozen_since.is_some() {
            return;
        }
        for lead in self.leads.iter_mut().flatten() {
            if let Some(cycle) = lead.cycles.last_mut()
                && let Some(offer) = cycle.open()
                && is_due(offer)
            {
                let ended = if offer.accepted.is_some() {
                    "timed_out"
                } else {
                    "undeliverable"
                };
                cycle.goes_on(ended, now);
            }
            lead.follow();
        }
    }

    pub(super) fn open_offers(&mut self) -> impl Iterator<Item = &mut Offer> {
        self.leads
            .iter_mut()
            .flatten()
            .filter_map(|lead| lead.cycles.last_mut()?.open())
    }

    pub(super) fn lose_alarms(&mut self) {
        self.open_offers().for_each(|offer| offer.alarm = false);
    }

    /// The audit sets an alarm for each deadline that is to come.
    pub(super) fn set_alarms(&mut self, now: Time) {
        self.open_offers()
            .filter(|offer| offer.deadline > now)
            .for_each(|offer| offer.alarm = true);
    }

    /// A deadline job that runs during a freeze is done.
    pub(super) fn alarms_ring(&mut self, now: Time) {
        if self.frozen_since.is_some() {
            self.open_offers()
                .filter(|offer| offer.deadline <= now)
                .for_each(|offer| offer.alarm = false);
        }
    }

    /// What the audit ends: offers that were not accepted ten seconds after their patience.
    pub(super) fn is_unsent(offer: &Offer, now: Time) -> bool {
        let patience_ended = offer.deadline - WINDOW + PATIENCE;
        offer.accepted.is_none() && patience_ended < now - TimeDelta::seconds(10)
    }

    /// Offers that the freeze has harmed have a full window from the thaw: those that were not accepted
    /// before it, and those whose deadline passed in it.
    pub(super) fn thaw(&mut self, at: Time) {
        let Some(since) = self.frozen_since.take() else {
            return;
        };
        let full = at + WINDOW;
        let held = |offer: &&mut Offer| {
            let had_it = offer.accepted.is_some_and(|accepted| accepted < since);
            since < offer.deadline && offer.deadline < full && (!had_it || offer.deadline <= at)
        };
        for offer in self.open_offers().filter(held) {
            offer.deadline = full;
            offer.alarm = true;
        }
    }
}
