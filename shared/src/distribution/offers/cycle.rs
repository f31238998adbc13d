//! A cycle: how it starts, how the next agent is offered the lead, and how it ends without a claim.
//!
//! The functions here run inside a transaction that holds the lead's lock.

use super::alert::{self, Alert};
use super::jobs::jobs_of_offer;
use super::{client_notice, hold, last_round};
use crate::Result;
use crate::availability::Reason;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::{CycleStatus, Offer, Opened, Outcome, Round, Trigger};
use crate::distribution::store::{
    self, DecisionInput, ManyContenders, NewAttempt, NewCycle, NewOffers,
};
use crate::distribution::turn::{self, Presence};
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::leads::{self, Lead, LeadStatus};
use crate::sales::{self, Origin, Route};
use crate::unit_of_work::UnitOfWork;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::HashMap;

/// What became of a cycle when the next agent was to be offered the lead.
pub(crate) enum OfferResult {
    /// The lead is offered to this agent. In a last round it is offered to all agents at once, and this is the first of them.
    Offered(Opened),
    /// No agent is available. The cycle is held.
    Held,
    /// No agent is left. The cycle and the lead are hangus.
    Exhausted,
}

impl OfferResult {
    /// What the message or form that started the cycle was taken to mean, and the first offer.
    pub(crate) fn outcome(&self) -> (Outcome, Option<AttemptId>) {
        match self {
            Self::Offered(opened) => (Outcome::Distributing, Some(opened.attempt)),
            Self::Held => (Outcome::Held, None),
            Self::Exhausted => (Outcome::Hangus, None),
        }
    }
}

/// Starts a cycle and offers the lead to the first agent.
///
/// The cycle copies the queue that the enquiry belongs to. A client whose earlier lead was closed
/// is offered first to the agent who had it.
pub(crate) async fn start(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    origin: &Origin,
    trigger: impl Into<Trigger>,
) -> Result<(CycleId, OfferResult)> {
    let trigger = trigger.into();
    let (route, queue) = sales::route(work.connection, origin).await?;
    let former_agent = match &lead.owner {
        Some(owner) => sales::active_place(work.connection, owner).await?,
        None => None,
    };
    // A new lead was created as distributing.
    let past = if lead.status == LeadStatus::Distributing {
        None
    } else {
        leads::set_distributing(work.connection, lead.id, work.now).await?
    };
    let new = NewCycle {
        lead: lead.id,
        trigger,
        route,
        queue: &queue,
        former_agent: former_agent.as_ref(),
        past: past.as_deref(),
    };
    let most_open = work.app.distribution.most_open_offers;
    let (cycle, input) = store::insert_cycle(work.connection, &new, most_open, work.now).await?;
    let started = started(lead.id, cycle, route, trigger);
    if queue.is_empty() && former_agent.is_none() {
        hold_without_agents(work, (lead.id, cycle), started).await?;
        return Ok((cycle, OfferResult::Held));
    }
    let result = offer_by(work, (lead.id, cycle), &input, vec![started]).await?;
    Ok((cycle, result))
}

fn started(lead: LeadId, cycle: CycleId, route: Route, trigger: Trigger) -> Event {
    let strategy = route.strategy.as_str();
    Event::new(EventKind::Started)
        .of(lead, cycle)
        .with(json!({ "queue": route.queue, "strategy": strategy, "trigger": trigger }))
}

async fn hold_without_agents(
    work: &mut UnitOfWork<'_>,
    (lead, cycle): (LeadId, CycleId),
    started: Event,
) -> Result<()> {
    tracing::error!(%lead, %cycle, "distribution.held: the sales queue is empty");
    store::log(work, &[started]).await?;
    hold::hold(work, lead, cycle, None).await?;
    alert::notify_managers(work, lead, cycle, Alert::Held).await
}

/// As [`start`], for several new leads, which were created as distributing and have no former agent. Their queues have a fixed order.
/// Returns the cycle of each, in their order.
///
/// Returns `None` if leads of two queues would be held: each hold locks the line of its queue, and two transactions could wait for each
/// other. The caller must roll back.
pub(crate) async fn start_new(
    work: &mut UnitOfWork<'_>,
    new: &[NewCycle<'_>],
) -> Result<Option<Vec<(CycleId, OfferResult)>>> {
    let most_open = work.app.distribution.most_open_offers;
    let (cycles, contenders) =
        store::insert_cycles(work.connection, new, most_open, work.now).await?;
    let mut offered = offer_together(work, new, &cycles, contenders).await?;
    let left = cycles.iter().zip(new);
    let mut left = left.filter(|(cycle, _)| !offered.contains_key(cycle));
    if let Some((_, first)) = left.next()
        && left.any(|(_, other)| other.route.queue != first.route.queue)
    {
        return Ok(None);
    }
    let mut started = Vec::with_capacity(cycles.len());
    for (cycle, new) in cycles.into_iter().zip(new) {
        let result = match offered.remove(&cycle) {
            Some(opened) => OfferResult::Offered(opened),
            None => offer_alone(work, new, cycle).await?,
        };
        started.push((cycle, result));
    }
    Ok(Some(started))
}

/// Offers those of these new leads for which an agent is next, in one statement.
async fn offer_together(
    work: &mut UnitOfWork<'_>,
    new: &[NewCycle<'_>],
    cycles: &[CycleId],
    mut contenders: ManyContenders,
) -> Result<HashMap<CycleId, Opened>> {
    let by_id: HashMap<CycleId, &NewCycle<'_>> = cycles.iter().copied().zip(new).collect();
    let (mut offers, mut nexts) = (NewOffers::none(), Vec::new());
    while let Some((cycle, input)) = contenders.next_cycle() {
        let new = by_id[&cycle];
        let started = started(new.lead, cycle, new.route, new.trigger);
        let plan = Plan::of(work, (new.lead, cycle), &input, vec![started])?;
        if let Some(next) = plan.next {
            contenders.gets(&next.sales_id);
            offers.add(plan.new);
            nexts.push((cycle, next));
        }
    }
    if nexts.is_empty() {
        return Ok(HashMap::new());
    }
    let positions = store::make_offers(work, &offers).await?;
    let opened = nexts
        .into_iter()
        .map(|(cycle, next)| (cycle, next.opened(&positions)));
    Ok(opened.collect())
}

/// Offers one new lead, whose cycle exists.
async fn offer_alone(
    work: &mut UnitOfWork<'_>,
    new: &NewCycle<'_>,
    cycle: CycleId,
) -> Result<OfferResult> {
    let started = started(new.lead, cycle, new.route, new.trigger);
    if new.queue.is_empty() {
        hold_without_agents(work, (new.lead, cycle), started).await?;
        return Ok(OfferResult::Held);
    }
    let most_open = work.app.distribution.most_open_offers;
    let input = store::decision_input(work.connection, cycle, most_open, work.now).await?;
    offer_by(work, (new.lead, cycle), &input, vec![started]).await
}

/// Offers the lead to the next agent who can be asked, with a full window from now.
///
/// Holds the cycle if no agent is available, and no agent was offered the lead yet or it is known when
/// one returns. If no agent is left, starts the last round if the queue
/// has one, and otherwise makes the cycle and the lead hangus.
pub(crate) async fn offer_next(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    cycle: CycleId,
) -> Result<OfferResult> {
    let most_open = work.app.distribution.most_open_offers;
    let input = store::decision_input(work.connection, cycle, most_open, work.now).await?;
    offer_by(work, (lead, cycle), &input, Vec::new()).await
}

/// As [`offer_next`], with what the decision is based on. Logs these events first, in the statement that logs the offer.
async fn offer_by(
    work: &mut UnitOfWork<'_>,
    (lead, cycle): (LeadId, CycleId),
    input: &DecisionInput,
    events: Vec<Event>,
) -> Result<OfferResult> {
    let plan = Plan::of(work, (lead, cycle), input, events)?;
    let (new, next) = (plan.new, plan.next);
    let positions = if new.events.is_empty() {
        HashMap::default()
    } else {
        store::make_offers(work, &new).await?
    };
    let Some(next) = next else {
        return no_agent_is_next(work, lead, cycle, input).await;
    };
    if let Some(queue) = input.queue.filter(|_| !plan.credits.is_empty()) {
        store::set_credits(work.connection, queue, &plan.credits).await?;
    }
    Ok(OfferResult::Offered(next.opened(&positions)))
}

/// What the decision for one cycle leads to.
pub(crate) struct Plan {
    /// The rows of the offer, and of contenders before it who cannot be reached.
    pub(crate) new: NewOffers,
    /// The offer. `None` if no agent is next.
    pub(crate) next: Option<Next>,
    /// The changed credits of places.
    credits: Vec<(UserId, i64)>,
}

/// The offer that is next.
pub(crate) struct Next {
    attempt: AttemptId,
    pub(crate) sales_id: UserId,
    ack_deadline_at: DateTime<Utc>,
}

impl Next {
    /// With its position, of those that the store gave.
    pub(crate) fn opened(self, positions: &HashMap<AttemptId, i32>) -> Opened {
        Opened {
            attempt: self.attempt,
            sales_id: self.sales_id,
            position: positions.get(&self.attempt).copied().unwrap_or(0),
            ack_deadline_at: self.ack_deadline_at,
        }
    }
}

impl Plan {
    /// Decides. Begins the log with these events.
    pub(crate) fn of(
        work: &UnitOfWork<'_>,
        (lead, cycle): (LeadId, CycleId),
        input: &DecisionInput,
        mut events: Vec<Event>,
    ) -> Result<Self> {
        let decision = turn::decide(&input.rules, &input.contenders);
        let unreachable = decision.unreachable.iter();
        let mut attempts: Vec<NewAttempt> = unreachable
            .map(|index| NewAttempt::unreachable(cycle, &input.contenders[*index]))
            .collect();
        events.extend(log_of_unreachable(&attempts, lead, cycle));
        let (mut jobs, mut next) = (Vec::new(), None);
        let (now, deadline) = (work.now, work.deadline_of_an_offer());
        if let Some(index) = decision.chosen {
            let (attempt, agent) = (AttemptId::new(), &input.contenders[index]);
            attempts.push(NewAttempt::open(attempt, cycle, agent));
            let why = json!({
                "rule": decision.rule, "eligible": decision.eligible, "skipped": decision.skipped,
            });
            let offered = Event::new(EventKind::Offered)
                .of(lead, cycle)
                .to(attempt, &agent.sales_id)
                .with(why);
            events.push(offered);
            jobs.extend(jobs_of_offer(attempt, now, deadline)?);
            next = Some(Next {
                attempt,
                sales_id: agent.sales_id.clone(),
                ack_deadline_at: deadline,
            });
        }
        Ok(Self {
            new: NewOffers {
                attempts,
                round: Round::Turn,
                events,
                jobs,
            },
            next,
            credits: decision.credits,
        })
    }
}

fn log_of_unreachable(new: &[NewAttempt], lead: LeadId, cycle: CycleId) -> Vec<Event> {
    new.iter()
        .filter(|attempt| !attempt.open)
        .map(|one| {
            let (attempt, sales) = (one.id, &one.sales_id);
            tracing::warn!(%lead, %cycle, %attempt, %sales, "distribution.undeliverable: the agent has no number");
            Event::new(EventKind::Undeliverable)
                .of(lead, cycle)
                .to(attempt, sales)
                .with(json!({ "reason": "no_number" }))
        })
        .collect()
}

/// No agent can be asked who was not asked before: holds the cycle, starts the last round, or ends
/// the cycle as hangus.
async fn no_agent_is_next(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    cycle: CycleId,
    input: &DecisionInput,
) -> Result<OfferResult> {
    let nobody_was_asked = input
        .contenders
        .iter()
        .all(|contender| matches!(contender.asked, None | Some(Reason::Undeliverable)));
    match turn::presence(&input.contenders) {
        // After the first offer, hold only if we know when an agent will be available.
        Presence::Nobody(until) if nobody_was_asked || until.is_some() => {
            hold::hold(work, lead, cycle, until).await?;
            if until.is_none() {
                alert::notify_managers(work, lead, cycle, Alert::Held).await?;
            }
            return Ok(OfferResult::Held);
        }
        Presence::Nobody(_) | Presence::Somebody => {}
    }
    if input.last_round_is_left
        && let Some(first) = last_round::ask_everybody(work, lead, cycle, input).await?
    {
        return Ok(OfferResult::Offered(first));
    }
    store::close_cycle(work.connection, cycle, CycleStatus::Hangus, work.now).await?;
    leads::set_hangus(work.connection, lead, work.now).await?;
    let hangus = Event::new(EventKind::Hangus).of(lead, cycle);
    store::log(work, &[hangus]).await?;
    alert::notify_managers(work, lead, cycle, Alert::Hangus).await?;
    client_notice::tell_hangus(work, lead, cycle).await?;
    Ok(OfferResult::Exhausted)
}

/// Advances the cycle after an offer ended without a claim. Returns the next offer, if there is one.
///
/// In the last round every other agent has an open offer already. Then the cycle advances only when
/// the last of these offers ends.
pub(crate) async fn advance_cycle(
    work: &mut UnitOfWork<'_>,
    offer: &Offer,
) -> Result<Option<Opened>> {
    if offer.round == Round::LastRound
        && store::others_are_open(work.connection, offer.cycle).await?
    {
        return Ok(None);
    }
    match offer_next(work, offer.lead, offer.cycle).await? {
        OfferResult::Offered(opened) => Ok(Some(opened)),
        OfferResult::Held | OfferResult::Exhausted => Ok(None),
    }
}
