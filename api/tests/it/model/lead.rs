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
    /// When its alarm was set, in the same count: alarms of one instant ring in this order. A moved deadline is a new alarm.
    pub(super) set: usize,
    /// When the alarm of its former deadline was to ring, and its number, while no worker has taken it. Whichever alarm rings
    /// first after the deadline rolls the offer.
    pub(super) former: Option<(Time, usize)>,
}

impl Offer {
    /// Its deadline moves, with a new alarm of this number.
    pub(super) fn move_deadline(&mut self, deadline: Time, set: usize) {
        if self.alarm && self.former.is_none() {
            self.former = Some((self.deadline, self.set));
        }
        (self.deadline, self.alarm, self.set) = (deadline, true, set);
    }

    /// Its first alarm: when, and its number.
    pub(super) fn first_alarm(&self) -> (Time, usize) {
        self.former.unwrap_or((self.deadline, self.set))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Cycle {
    pub(super) status: &'static str,
    pub(super) queue: usize,
    pub(super) members: Vec<usize>,
    pub(super) offers: Vec<Offer>,
    pub(super) started: Time,
    /// As [`Lead::nth`], of the lead that it started for.
    pub(super) nth: usize,
    pub(super) closed: Option<Time>,
}

#[derive(Clone, Debug)]
pub(super) struct Lead {
    pub(super) status: &'static str,
    pub(super) owner: Option<usize>,
    /// In the order in which they started.
    pub(super) cycles: Vec<Cycle>,
    pub(super) created: Time,
    /// The client's number then. Leads that were created at one instant have this order.
    pub(super) nth: usize,
    /// When the owner claimed it.
    pub(super) claimed: Option<Time>,
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
                set: 0,
                former: None,
            });
            return;
        }
        let reached = |agent: &usize| {
            let offer = self.offers.iter().find(|offer| offer.agent == *agent);
            offer.is_none_or(|offer| offer.status != "undeliverable")
        };
        let somebody_is_on_duty = self
            .members
            .iter()
            .any(|agent| reached(agent) && team.on_duty(*agent, now));
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
    pub(super) fn new(nth: usize, now: Time) -> Self {
        Self {
            status: "new",
            owner: None,
            cycles: Vec::new(),
            created: now,
            nth,
            claimed: None,
        }
    }

    /// Starts a cycle of this queue, which has these members.
    pub(super) fn begin(&mut self, (queue, members): (usize, Vec<usize>), team: &Team, now: Time) {
        (self.status, self.owner, self.claimed) = ("distributing", None, None);
        let is_empty = members.is_empty();
        self.cycles.push(Cycle {
            status: if is_empty { "held" } else { "open" },
            queue,
            members,
            offers: Vec::new(),
            started: now,
            nth: self.nth,
            closed: None,
        });
        if !is_empty {
            self.offer_next(team, now);
        }
    }

    /// The cycle that is open or held. A lead has one at most.
    pub(super) fn live(&mut self) -> Option<&mut Cycle> {
        let mut cycles = self.cycles.iter_mut();
        cycles.find(|cycle| matches!(cycle.status, "open" | "held"))
    }

    /// The offer that is open.
    pub(super) fn open(&mut self) -> Option<&mut Offer> {
        self.live()?.open()
    }

    /// Offers the lead to the next agent of its cycle. A lead is hangus when its cycle is.
    pub(super) fn offer_next(&mut self, team: &Team, now: Time) {
        let Some(cycle) = self.live() else { return };
        cycle.offer_next(team, now);
        if cycle.status == "hangus" {
            self.status = "hangus";
        }
    }

    /// Where the agent's latest offer of the lead is: the number of its cycle, and its number there.
    pub(super) fn latest_offer_to(&self, agent: usize) -> Option<(usize, usize)> {
        let cycles = self.cycles.iter().enumerate();
        let offers = cycles.flat_map(|(at, cycle)| {
            let offers = cycle.offers.iter().enumerate();
            offers.map(move |(index, offer)| ((at, index), offer))
        });
        let mine = offers.filter(|(_, offer)| offer.agent == agent);
        mine.max_by_key(|(_, offer)| offer.assigned)
            .map(|(place, _)| place)
    }

    /// Ends what is open of the lead, because an agent has taken it or another lead of the person stays.
    pub(super) fn end(&mut self, except: Option<usize>) {
        for (number, cycle) in self.cycles.iter_mut().enumerate() {
            if let Some(offer) = cycle.open() {
                offer.status = "withdrawn";
            }
            if Some(number) != except && matches!(cycle.status, "open" | "held") {
                cycle.status = "cancelled";
            }
        }
    }
}
