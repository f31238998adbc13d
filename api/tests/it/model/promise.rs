//! The model: what distribution promises, without a database.

use super::lead::{Lead, Offer};
use super::team::{Agent, Break, Team};
use super::{AGENTS, LEADS, QUEUES};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

pub(super) type Time = DateTime<Utc>;

/// How long an agent has.
pub(super) const WINDOW: TimeDelta = TimeDelta::minutes(5);
/// For this long after hangus, an OK that was in time still counts.
const GRACE: TimeDelta = TimeDelta::minutes(10);
/// WhatsApp's times are whole seconds.
const SECOND: TimeDelta = TimeDelta::seconds(1);
/// The agents of each queue, in its order.
pub(super) const PLACES: [&[usize]; QUEUES] = [&[0, 1, 2], &[2, 0]];

#[derive(Clone, Debug)]
pub(super) struct Model {
    /// By the number that the client has now.
    pub(super) leads: Vec<Option<Lead>>,
    /// By a client's former number: the number that they have now.
    pub(super) former: [Option<usize>; LEADS],
    agents: [Agent; AGENTS],
    /// The jobs that wait to let an agent's offers go, each with the time at which the agent was disabled, the first one first.
    handovers: VecDeque<(Time, usize)>,
    /// How many offers were made.
    made: usize,
    pub(super) frozen_since: Option<Time>,
}

impl Model {
    pub(super) fn new() -> Self {
        let agent = Agent {
            active: [true; QUEUES],
            rests: Break::No,
            most_open: None,
            disabled_at: None,
        };
        Self {
            leads: vec![None; LEADS],
            former: [None; LEADS],
            agents: [agent; AGENTS],
            handovers: VecDeque::new(),
            made: 0,
            frozen_since: None,
        }
    }

    /// The agents with their present load.
    fn team(&self) -> Team {
        let mut load = [0; AGENTS];
        for lead in self.leads.iter().flatten() {
            if let Some(owner) = lead.owner.filter(|_| lead.status == "claimed") {
                load[owner] += 1;
            }
            let offers = lead.cycles.iter().flat_map(|cycle| &cycle.offers);
            for offer in offers.filter(|offer| offer.status == "open") {
                load[offer.agent] += 1;
            }
        }
        Team {
            agents: self.agents,
            load,
        }
    }

    /// Who is in the queue, in its order.
    fn queue(&self, queue: usize) -> Vec<usize> {
        let works = |agent: &usize| {
            let agent = &self.agents[*agent];
            agent.active[queue] && agent.disabled_at.is_none()
        };
        PLACES[queue].iter().copied().filter(works).collect()
    }

    pub(super) fn toggle(&mut self, agent: usize, queue: usize) {
        let active = &mut self.agents[agent].active[queue];
        *active = !*active;
    }

    pub(super) fn set_break(&mut self, agent: usize, rests: Break) {
        self.agents[agent].rests = rests;
    }

    pub(super) fn set_limit(&mut self, agent: usize, most_open: Option<usize>) {
        self.agents[agent].most_open = most_open;
    }

    /// Whether an agent can have only so many open leads.
    pub(super) fn limits_somebody(&self) -> bool {
        self.agents.iter().any(|agent| agent.most_open.is_some())
    }

    /// The record of an agent: their break and limit.
    pub(super) fn availability(&self, agent: usize) -> (Break, Option<usize>) {
        (self.agents[agent].rests, self.agents[agent].most_open)
    }

    pub(super) fn is_disabled(&self, agent: usize) -> bool {
        self.agents[agent].disabled_at.is_some()
    }

    pub(super) fn disable(&mut self, agent: usize, disabled: bool, now: Time) {
        self.agents[agent].disabled_at = disabled.then_some(now);
        if disabled {
            self.handovers.push_back((now, agent));
        }
    }

    /// Since when a job waits that lets the offers of a disabled agent go.
    pub(super) fn handover_waits_since(&self) -> Option<Time> {
        self.handovers.front().map(|(since, _)| *since)
    }

    /// The agents whose offers these jobs let go.
    pub(super) fn handovers_wait_for(&self) -> impl Iterator<Item = usize> {
        self.handovers.iter().map(|(_, agent)| *agent)
    }

    /// The first job that lets the offers of a disabled agent go has run.
    pub(super) fn hand_over_first(&mut self, now: Time) {
        if let Some((_, agent)) = self.handovers.pop_front()
            && self.is_disabled(agent)
        {
            self.let_go(now, |offer, _| offer.agent == agent);
        }
    }

    /// All of these jobs have run.
    pub(super) fn hand_over(&mut self, now: Time) {
        while !self.handovers.is_empty() {
            self.hand_over_first(now);
        }
    }

    /// The audit lets the offers of agents go who were disabled more than five seconds ago.
    pub(super) fn let_go_of_disabled(&mut self, now: Time) {
        self.let_go(now, |offer, agents| {
            let disabled = agents[offer.agent].disabled_at;
            disabled.is_some_and(|at| at < now - TimeDelta::seconds(5))
        });
    }

    fn let_go(&mut self, now: Time, whose: impl Fn(&Offer, &[Agent; AGENTS]) -> bool) {
        // In the order in which the offers were made.
        let mut open: Vec<(usize, usize)> = Vec::new();
        for (number, lead) in self.leads.iter().enumerate() {
            let cycles = lead.iter().flat_map(|lead| &lead.cycles);
            let offers = cycles.flat_map(|cycle| &cycle.offers);
            let mine = offers.filter(|offer| offer.status == "open" && whose(offer, &self.agents));
            open.extend(mine.map(|offer| (offer.made, number)));
        }
        open.sort_unstable();
        for (_, number) in open {
            self.goes_on(number, "withdrawn", now);
        }
    }

    /// The open offer of the lead ends so, and the next agent is asked.
    fn goes_on(&mut self, number: usize, ended: &'static str, now: Time) {
        let Some(offer) = self.leads[number].as_mut().and_then(Lead::open) else {
            return;
        };
        offer.status = ended;
        let team = self.team();
        if let Some(lead) = &mut self.leads[number] {
            lead.offer_next(&team, now);
        }
        self.number();
    }

    /// Numbers the offer that was just made.
    fn number(&mut self) {
        let mut made = self.made;
        for offer in self.open_offers().filter(|offer| offer.made == 0) {
            made += 1;
            (offer.made, offer.set) = (made, made);
        }
        self.made = made;
    }

    /// The number of an alarm that is set now.
    pub(super) fn next_alarm(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    /// When the next agent who is on a break comes back, by `until`.
    pub(super) fn next_return(&self, now: Time, until: Time) -> Option<Time> {
        let team = self.team();
        let back = (0..AGENTS).filter_map(|agent| team.back(agent, now));
        back.filter(|back| *back <= until).min()
    }

    /// A look at the lines of held leads of every queue, those of `first` before the others.
    pub(super) fn look(&mut self, now: Time, first: &[usize]) {
        let others = (0..QUEUES).filter(|queue| !first.contains(queue));
        let order: Vec<usize> = first.iter().copied().chain(others).collect();
        self.look_at(now, &order);
    }

    /// A look at the lines of held leads of these queues, one after the other: releases those that somebody can be asked
    /// about, and those for whom nobody is to be waited for.
    pub(super) fn look_at(&mut self, now: Time, queues: &[usize]) {
        let standing = self.team();
        let known = standing.known(now);
        let mut line: Vec<(usize, Time, usize, usize)> = Vec::new();
        for (number, lead) in self.leads.iter_mut().enumerate() {
            if let Some(cycle) = lead.as_mut().and_then(Lead::live)
                && cycle.status == "held"
                && let Some(place) = queues.iter().position(|queue| *queue == cycle.queue)
            {
                line.push((place, cycle.started, cycle.nth, number));
            }
        }
        line.sort_unstable();
        for (place, .., number) in line {
            let (team, queue) = (self.team(), self.queue(queues[place]));
            let Some(lead) = &mut self.leads[number] else {
                continue;
            };
            let mut released = lead.clone();
            let Some(cycle) = released.live() else {
                continue;
            };
            let on_duty = |agent: &usize| standing.on_duty(*agent, now);
            let was_asked = cycle
                .offers
                .iter()
                .any(|offer| offer.status != "undeliverable");
            // Until somebody was asked, the lead waits for the queue as it is now.
            let mut new = queue;
            new.retain(|agent| !was_asked && !cycle.members.contains(agent));
            let can_be_asked =
                cycle.not_asked().any(|agent| on_duty(&agent)) || new.iter().any(on_duty);
            let nobody_comes = !cycle.not_asked().any(|agent| known.contains(&agent));
            if !(can_be_asked || was_asked && nobody_comes) {
                continue;
            }
            cycle.members.extend(new);
            released.offer_next(&team, now);
            if released.live().is_none_or(|cycle| cycle.status != "held") {
                *lead = released;
                self.number();
            }
        }
    }

    /// The client with this number writes, about something that belongs to this queue.
    pub(super) fn enquiry(&mut self, number: usize, queue: usize, now: Time) {
        let number = self.former[number].unwrap_or(number);
        let (queue, team) = ((queue, self.queue(queue)), self.team());
        // The words of a client whose owner is disabled start another cycle, as there are no managers.
        let agents = self.agents;
        let lead = self.leads[number].get_or_insert(Lead::new(number, now));
        let owner_works = lead
            .owner
            .is_some_and(|owner| agents[owner].disabled_at.is_none());
        if lead.status != "distributing" && !owner_works {
            lead.begin(queue, &team, now);
        }
        self.number();
    }

    /// An OK of `time`, handled at `now`, to the agent's latest offer of the lead.
    pub(super) fn ok(&mut self, agent: usize, lead: usize, time: Time, now: Time) {
        let frozen_since = self.frozen_since;
        let disabled = self.is_disabled(agent);
        let number = lead;
        let Some(lead) = &mut self.leads[lead] else {
            return;
        };
        let Some((at, index)) = lead.latest_offer_to(agent) else {
            return;
        };
        let owned = lead.owner.is_some();
        let cycle = &mut lead.cycles[at];
        let offer = &mut cycle.offers[index];
        if time < offer.assigned - SECOND {
            return;
        }
        if disabled {
            // The offer goes to the next agent at once.
            if offer.status == "open" {
                self.goes_on(number, "withdrawn", now);
            }
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
        cycle.status = "accepted";
        (lead.status, lead.owner, lead.claimed) = ("claimed", Some(agent), Some(now));
        lead.end(Some(at));
    }

    /// The agent passes on their latest offer of the lead. Of two leads that are one person now they can have two offers, and
    /// the code names one of them.
    pub(super) fn decline(&mut self, agent: usize, lead: usize, now: Time) {
        let offer = self.leads[lead].as_ref().and_then(|lead| {
            let (cycle, offer) = lead.latest_offer_to(agent)?;
            lead.cycles[cycle].offers.get(offer)
        });
        if offer.is_some_and(|offer| offer.status == "open") {
            self.goes_on(lead, "declined", now);
        }
    }

    pub(super) fn undeliverable(&mut self, lead: usize, now: Time) {
        self.goes_on(lead, "undeliverable", now);
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

    /// Rolls the attempts that a sweep or an audit considers due, the oldest deadline first.
    pub(super) fn roll(&mut self, now: Time, is_due: impl Fn(&Offer) -> bool) {
        self.roll_in_order(now, |offer| (offer.deadline, offer.set), is_due);
    }

    /// Rolls the attempts whose time is up at `now`, and of which an alarm rang by `by`, in the order in which they rang.
    pub(super) fn ring(&mut self, now: Time, by: Time) {
        let rang =
            |offer: &Offer| offer.alarm && offer.deadline <= now && offer.first_alarm().0 <= by;
        self.roll_in_order(now, Offer::first_alarm, rang);
    }

    fn roll_in_order(
        &mut self,
        now: Time,
        order: impl Fn(&Offer) -> (Time, usize),
        is_due: impl Fn(&Offer) -> bool,
    ) {
        if self.frozen_since.is_some() {
            return;
        }
        let mut due: Vec<((Time, usize), usize, usize)> = Vec::new();
        for (number, lead) in self.leads.iter_mut().enumerate() {
            if let Some(offer) = lead.as_mut().and_then(Lead::open)
                && is_due(offer)
            {
                due.push((order(offer), offer.made, number));
            }
        }
        due.sort();
        for (.., number) in due {
            let accepted = self.leads[number]
                .as_mut()
                .and_then(Lead::open)
                .is_some_and(|offer| offer.accepted.is_some());
            let ended = if accepted {
                "timed_out"
            } else {
                "undeliverable"
            };
            self.goes_on(number, ended, now);
        }
    }

    pub(super) fn open_offers(&mut self) -> impl Iterator<Item = &mut Offer> {
        self.open_offers_by_lead().map(|(_, offer)| offer)
    }

    /// The open offers, each with the number of its lead.
    pub(super) fn open_offers_by_lead(&mut self) -> impl Iterator<Item = (usize, &mut Offer)> {
        let leads = self.leads.iter_mut().enumerate();
        leads.filter_map(|(number, lead)| {
            let offer = lead.as_mut()?.open()?;
            Some((number, offer))
        })
    }
}
