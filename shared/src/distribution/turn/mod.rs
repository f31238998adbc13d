//! Which agent is next. Pure: the store reads the contenders, this module decides, the store writes.
//!
//! `fixed` chooses the first place that was not offered the lead. `rotating` and `weighted` give every
//! place its share: each offer credits every place with a part of a turn in proportion to its weight, and
//! the chosen place pays a whole turn. Of the places with positive credit, the one whose next whole turn is
//! due first is chosen (earliest deadline first). This keeps every place within one offer of its share.
//! An agent who is away when it is their turn keeps the credit.

use crate::availability::{DutyStatus, Reason};
use crate::id::UserId;
use crate::strategy::Strategy;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// A turn, in parts that every total weight up to 16 divides.
pub(crate) const TURN: i64 = 720_720_000_000;

/// A member of the cycle with their present state.
#[derive(Clone, Debug)]
pub(crate) struct Contender {
    pub(crate) sales_id: UserId,
    pub(crate) label: String,
    pub(crate) weight: i64,
    /// Chosen first because the client was theirs. Has no turn in this queue.
    pub(crate) guest: bool,
    /// The offer address.
    pub(crate) address: Option<String>,
    /// The credit in parts of a turn; `None` if the place in the queue was deleted.
    pub(crate) credit: Option<i64>,
    /// How their offer of this lead ended, if they had one.
    pub(crate) asked: Option<Reason>,
    pub(crate) duty: DutyStatus,
}

impl Contender {
    /// Whether they can be offered the lead now.
    pub(crate) fn can_be_offered(&self) -> bool {
        obstacle(self).is_none()
    }
}

/// The rules of a decision.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) strategy: Strategy,
    /// The agent who owned this client before.
    pub(crate) former_agent: Option<UserId>,
    /// The most turns that a place is owed; `None` for no limit.
    pub(crate) most_turns_owed: Option<i32>,
}

/// Why a contender before the chosen one was skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Skip {
    pub(crate) sales_id: UserId,
    pub(crate) reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<DateTime<Utc>>,
    /// The turns owed to them after this decision, in thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owed_thousandths: Option<i64>,
}

/// A decision, with everything that it was based on.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// The contender who is offered the lead.
    pub(crate) chosen: Option<usize>,
    pub(crate) rule: &'static str,
    /// Who could have been chosen, in the order of the queue.
    pub(crate) eligible: Vec<UserId>,
    pub(crate) skipped: Vec<Skip>,
    /// Contenders before the chosen one who have no offer address. They count as offered.
    pub(crate) unreachable: Vec<usize>,
    /// The changed credits of places.
    pub(crate) credits: Vec<(UserId, i64)>,
}

/// Decides who is offered the lead.
pub(crate) fn decide(rules: &Rules, contenders: &[Contender]) -> Decision {
    let mut decision = Decision {
        chosen: None,
        rule: rules.strategy.as_str(),
        eligible: eligible(contenders),
        skipped: Vec::new(),
        unreachable: Vec::new(),
        credits: Vec::new(),
    };
    if let Some(first) = former_agent(rules, contenders) {
        match obstacle(&contenders[first]) {
            None => {
                decision.chosen = Some(first);
                decision.rule = "sticky";
                return decision;
            }
            Some((reason, until)) => decision.pass_over(contenders, first, reason, until, None),
        }
    }
    let credits = match rules.strategy {
        Strategy::Fixed => None,
        Strategy::Rotating | Strategy::Weighted => Some(accrue(rules, contenders)),
    };
    for index in order(contenders, credits.as_ref()) {
        let owed = credits
            .as_ref()
            .map(|credits| credits.after[index] * 1000 / TURN);
        match obstacle(&contenders[index]) {
            None => {
                decision.chosen = Some(index);
                break;
            }
            Some((reason, until)) => decision.pass_over(contenders, index, reason, until, owed),
        }
    }
    if let (Some(chosen), Some(mut credits)) = (decision.chosen, credits) {
        credits.after[chosen] -= credits.given;
        let changed = contenders.iter().zip(credits.after);
        decision.credits = changed
            .filter(|(contender, _)| contender.credit.is_some() && !contender.guest)
            .map(|(contender, credit)| (contender.sales_id.clone(), credit))
            .collect();
    }
    decision
}

/// The credits after a decision for `agent` is reversed: each place returns its part of a turn, and
/// the agent's place gets the turn back that it paid. Empty if the decision charged nothing.
///
/// A limit of owed turns that cut a place's part is not known any more, so that place can lose up to a
/// part of a turn.
pub(crate) fn give_back(
    rules: &Rules,
    contenders: &[Contender],
    agent: &UserId,
) -> Vec<(UserId, i64)> {
    if rules.strategy == Strategy::Fixed || rules.former_agent.as_ref() == Some(agent) {
        return Vec::new();
    }
    let parts = parts(rules, contenders);
    let paid: i64 = parts.iter().sum();
    let pairs = contenders.iter().zip(parts);
    let changed = pairs.filter_map(|(contender, part)| {
        let returned = if contender.sales_id == *agent {
            paid
        } else {
            0
        };
        let credit = contender.credit.filter(|_| !contender.guest)?;
        Some((contender.sales_id.clone(), credit - part + returned))
    });
    changed.collect()
}

/// The contenders for the last round, after each was offered the lead alone: all who did not decline.
pub(crate) fn last_round(contenders: &[Contender]) -> Vec<usize> {
    let can = |contender: &Contender| {
        contender.duty == DutyStatus::OnDuty
            && contender.address.is_some()
            && matches!(contender.asked, None | Some(Reason::Asked))
    };
    (0..contenders.len())
        .filter(|index| can(&contenders[*index]))
        .collect()
}

/// Whether an agent with an offer address whose offer of this lead did not fail is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// One is, or none will be who was not offered the lead yet.
    Somebody,
    /// None is, and one comes back who was not offered the lead yet; when, if that is known.
    Nobody(Option<DateTime<Utc>>),
}

pub(crate) fn presence(contenders: &[Contender]) -> Presence {
    let mut returns = Vec::new();
    for contender in contenders
        .iter()
        .filter(|contender| contender.address.is_some())
    {
        match contender.duty {
            // No offer reaches them now. One who is back later is waited for.
            DutyStatus::OnDuty if contender.asked == Some(Reason::Undeliverable) => {}
            DutyStatus::OnDuty => return Presence::Somebody,
            DutyStatus::Away { until, .. } if contender.asked.is_none() => returns.push(until),
            DutyStatus::Away { .. } => {}
        }
    }
    if returns.is_empty() {
        return Presence::Somebody;
    }
    Presence::Nobody(returns.into_iter().flatten().min())
}

impl Decision {
    fn pass_over(
        &mut self,
        contenders: &[Contender],
        index: usize,
        reason: Reason,
        until: Option<DateTime<Utc>>,
        owed_thousandths: Option<i64>,
    ) {
        let contender = &contenders[index];
        if self
            .skipped
            .iter()
            .any(|skip| skip.sales_id == contender.sales_id)
        {
            return;
        }
        if reason == Reason::Undeliverable && contender.asked.is_none() {
            self.unreachable.push(index);
        }
        self.skipped.push(Skip {
            sales_id: contender.sales_id.clone(),
            reason,
            until,
            owed_thousandths,
        });
    }
}

fn eligible(contenders: &[Contender]) -> Vec<UserId> {
    let can = contenders
        .iter()
        .filter(|contender| contender.can_be_offered());
    can.map(|contender| contender.sales_id.clone()).collect()
}

/// The agent of a returning client, if they were not offered the lead yet.
fn former_agent(rules: &Rules, contenders: &[Contender]) -> Option<usize> {
    let agent = rules.former_agent.as_ref()?;
    contenders
        .iter()
        .position(|contender| contender.sales_id == *agent && contender.asked.is_none())
}

/// Why a contender cannot be offered the lead.
fn obstacle(contender: &Contender) -> Option<(Reason, Option<DateTime<Utc>>)> {
    if let Some(asked) = contender.asked {
        return Some((asked, None));
    }
    if contender.address.is_none() {
        return Some((Reason::Undeliverable, None));
    }
    match contender.duty {
        DutyStatus::OnDuty => None,
        DutyStatus::Away { reason, until } => Some((reason, until)),
    }
}

/// Every place's credit after this offer was credited, and the total that was credited.
struct Credits {
    after: Vec<i64>,
    given: i64,
    /// How many offers it takes until each place has a whole turn.
    due_in: Vec<i64>,
}

/// The part of a turn that each place is credited with at an offer, in proportion to its weight.
fn parts(rules: &Rules, contenders: &[Contender]) -> Vec<i64> {
    let weight = |contender: &Contender| match (contender.guest, rules.strategy) {
        (true, _) => 0,
        (false, Strategy::Weighted) => contender.weight,
        (false, _) => 1,
    };
    let total: i64 = contenders.iter().map(weight).sum::<i64>().max(1);
    contenders
        .iter()
        .map(|contender| TURN * weight(contender) / total)
        .collect()
}

fn accrue(rules: &Rules, contenders: &[Contender]) -> Credits {
    let mut credits = Credits {
        after: Vec::with_capacity(contenders.len()),
        given: 0,
        due_in: Vec::with_capacity(contenders.len()),
    };
    for (contender, part) in contenders.iter().zip(parts(rules, contenders)) {
        let before = contender.credit.unwrap_or(0);
        let away = contender.asked.is_none() && obstacle(contender).is_some();
        let most = rules.most_turns_owed.filter(|_| away);
        let most = most.map_or(i64::MAX, |turns| (i64::from(turns) * TURN).max(before));
        let after = before.saturating_add(part).min(most);
        credits.given += after - before;
        credits.after.push(after);
        // Rounded up. A place without weight is never due.
        let missing = TURN - after;
        credits.due_in.push(if part == 0 {
            i64::MAX
        } else {
            missing.div_euclid(part) + i64::from(missing.rem_euclid(part) > 0)
        });
    }
    credits
}

/// The contenders in the order in which they would be chosen. Those who were offered the lead already stay
/// in it, to be reported as skipped. Without credits: in the order of the places.
fn order(contenders: &[Contender], credits: Option<&Credits>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..contenders.len())
        .filter(|index| !contenders[*index].guest)
        .collect();
    if let Some(credits) = credits {
        // A millionth of a turn is a rounding error.
        let waits = |index: usize| credits.after[index] <= TURN / 1_000_000;
        order.sort_by_key(|index| {
            (
                waits(*index),
                credits.due_in[*index],
                -credits.after[*index],
                *index,
            )
        });
    }
    order
}

#[cfg(test)]
mod tests;
