//! Whose turn it is. Pure: the store reads who is there, this decides, the store writes it down.
//!
//! `fixed` asks the first place that has not been asked. `rotating` and `weighted` give every place
//! its share: each offer entitles every place to its weight's part of a turn, and the place that is
//! asked pays for it. Among those with something to their credit the one whose next whole turn is
//! due first is asked (earliest deadline first), which keeps every share within one offer of its
//! weight. Who is away when they would be asked keeps what they are owed.

use crate::availability::{Reason, Standing};
use crate::id::UserId;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// A turn, in parts that every total weight up to 16 divides.
pub(super) const TURN: i64 = 720_720_000_000;

/// Who is next in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Strategy {
    /// A to F, from the top, for every lead: the seed's.
    Fixed,
    /// Each in turn.
    Rotating,
    /// Each in turn, as often as their weight says.
    Weighted,
}

impl Strategy {
    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Rotating => "rotating",
            Self::Weighted => "weighted",
        }
    }
}

/// A member of the cycle, as they stand now.
#[derive(Clone, Debug)]
pub(super) struct Contender {
    pub(super) sales_id: UserId,
    pub(super) label: String,
    pub(super) weight: i64,
    /// Asked first because the client was theirs; has no turn in this queue.
    pub(super) guest: bool,
    /// The number that an offer goes to.
    pub(super) address: Option<String>,
    /// What they are owed, in parts of a turn; none if their place in the queue is gone.
    pub(super) credit: Option<i64>,
    /// How their offer of this lead ended, if they had one.
    pub(super) asked: Option<Reason>,
    pub(super) standing: Standing,
}

/// The rules of a decision.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) strategy: Strategy,
    /// Whose client this was.
    pub(super) sticky: Option<UserId>,
    /// The most turns that a place is owed; `None`: all.
    pub(super) most_turns_owed: Option<i32>,
}

/// Why somebody was passed over, who comes before the one asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Skip {
    pub(super) sales_id: UserId,
    pub(super) reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<DateTime<Utc>>,
    /// Turns owed to them after this decision, in thousandths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owed_thousandths: Option<i64>,
}

/// What was decided, and all that it was decided from.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    /// The contender who is asked.
    pub(super) chosen: Option<usize>,
    pub(super) rule: &'static str,
    /// Who could have been asked, in the order of the queue.
    pub(super) eligible: Vec<UserId>,
    pub(super) skipped: Vec<Skip>,
    /// Contenders before the chosen one whom no offer can reach: they count as asked.
    pub(super) unreachable: Vec<usize>,
    /// What places are owed from now on, where that changed.
    pub(super) credits: Vec<(UserId, i64)>,
}

/// Decides whom to ask.
pub(super) fn decide(rules: &Rules, contenders: &[Contender]) -> Decision {
    let mut decision = Decision {
        chosen: None,
        rule: rules.strategy.as_str(),
        eligible: eligible(contenders),
        skipped: Vec::new(),
        unreachable: Vec::new(),
        credits: Vec::new(),
    };
    if let Some(first) = sticky(rules, contenders) {
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

/// Everybody who can be asked together, once all have been asked in turn: not who passed.
pub(super) fn last_round(contenders: &[Contender]) -> Vec<usize> {
    let can = |contender: &Contender| {
        contender.standing == Standing::OnDuty
            && contender.address.is_some()
            && matches!(contender.asked, None | Some(Reason::Asked))
    };
    (0..contenders.len())
        .filter(|index| can(&contenders[*index]))
        .collect()
}

/// Whether anybody is on duty whom an offer can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Somebody is, or nobody who was not asked yet will be.
    Somebody,
    /// Nobody is, and somebody who was not asked yet comes back: when, if that is known.
    Nobody(Option<DateTime<Utc>>),
}

pub(super) fn presence(contenders: &[Contender]) -> Presence {
    let mut returns = Vec::new();
    for contender in contenders
        .iter()
        .filter(|contender| contender.address.is_some())
    {
        match contender.standing {
            Standing::OnDuty => return Presence::Somebody,
            Standing::Away { until, .. } if contender.asked.is_none() => returns.push(until),
            Standing::Away { .. } => {}
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
        .filter(|contender| obstacle(contender).is_none());
    can.map(|contender| contender.sales_id.clone()).collect()
}

/// The returning client's agent, unless they were asked already.
fn sticky(rules: &Rules, contenders: &[Contender]) -> Option<usize> {
    let agent = rules.sticky.as_ref()?;
    contenders
        .iter()
        .position(|contender| contender.sales_id == *agent && contender.asked.is_none())
}

/// What keeps somebody from being asked.
fn obstacle(contender: &Contender) -> Option<(Reason, Option<DateTime<Utc>>)> {
    if let Some(asked) = contender.asked {
        return Some((asked, None));
    }
    if contender.address.is_none() {
        return Some((Reason::Undeliverable, None));
    }
    match contender.standing {
        Standing::OnDuty => None,
        Standing::Away { reason, until } => Some((reason, until)),
    }
}

/// Every place's credit once this offer has entitled them, and how much was given in all.
struct Credits {
    after: Vec<i64>,
    given: i64,
    /// How many offers it takes until each place has a whole turn to its credit.
    due_in: Vec<i64>,
}

fn accrue(rules: &Rules, contenders: &[Contender]) -> Credits {
    let weight = |contender: &Contender| match (contender.guest, rules.strategy) {
        (true, _) => 0,
        (false, Strategy::Weighted) => contender.weight,
        (false, _) => 1,
    };
    let total: i64 = contenders.iter().map(weight).sum::<i64>().max(1);
    let mut credits = Credits {
        after: Vec::with_capacity(contenders.len()),
        given: 0,
        due_in: Vec::with_capacity(contenders.len()),
    };
    for contender in contenders {
        let before = contender.credit.unwrap_or(0);
        let part = TURN * weight(contender) / total;
        let away = contender.asked.is_none() && obstacle(contender).is_some();
        let most = rules.most_turns_owed.filter(|_| away);
        let most = most.map_or(i64::MAX, |turns| (i64::from(turns) * TURN).max(before));
        let after = before.saturating_add(part).min(most);
        credits.given += after - before;
        credits.after.push(after);
        // Rounded up; a place without weight is never due.
        let missing = TURN - after;
        credits.due_in.push(if part == 0 {
            i64::MAX
        } else {
            missing.div_euclid(part) + i64::from(missing.rem_euclid(part) > 0)
        });
    }
    credits
}

/// The contenders in the order in which they would be asked. Who was asked stays in it, to be told
/// of, and is passed over. Without credits: by seat, as they are read.
fn order(contenders: &[Contender], credits: Option<&Credits>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..contenders.len())
        .filter(|index| !contenders[*index].guest)
        .collect();
    if let Some(credits) = credits {
        // A millionth of a turn is rounding.
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
mod tests {
    use super::{Contender, Rules, Strategy, TURN, decide};
    use crate::availability::{Reason, Standing};
    use crate::id::UserId;
    use proptest::prelude::*;

    fn contender(label: usize, weight: i64) -> Contender {
        Contender {
            sales_id: UserId(format!("sales-{label}")),
            label: label.to_string(),
            weight,
            guest: false,
            address: Some("+6281110000001".to_owned()),
            credit: Some(0),
            asked: None,
            standing: Standing::OnDuty,
        }
    }

    fn rules(strategy: Strategy, most_turns_owed: Option<i32>) -> Rules {
        Rules {
            strategy,
            sticky: None,
            most_turns_owed,
        }
    }

    /// Decides, and writes the credits down as the store does.
    fn next(rules: &Rules, contenders: &mut [Contender]) -> Option<usize> {
        let decision = decide(rules, contenders);
        for (sales_id, credit) in decision.credits {
            for contender in contenders.iter_mut().filter(|one| one.sales_id == sales_id) {
                contender.credit = Some(credit);
            }
        }
        decision.chosen
    }

    fn away(reason: Reason) -> Standing {
        Standing::Away {
            reason,
            until: None,
        }
    }

    #[test]
    fn fixed_starts_at_the_top_for_every_lead() {
        let mut team: Vec<_> = (0..3).map(|label| contender(label, 1)).collect();
        let rules = rules(Strategy::Fixed, Some(1));
        assert_eq!(next(&rules, &mut team), Some(0));
        assert_eq!(next(&rules, &mut team), Some(0));
        team[0].asked = Some(Reason::Declined);
        let decision = decide(&rules, &team);
        assert_eq!(decision.chosen, Some(1));
        assert_eq!(decision.skipped[0].reason, Reason::Declined);
    }

    #[test]
    fn rotating_goes_round() {
        let mut team: Vec<_> = (0..3).map(|label| contender(label, 1)).collect();
        let rules = rules(Strategy::Rotating, Some(1));
        let asked: Vec<_> = (0..7)
            .map(|_| next(&rules, &mut team).expect("somebody"))
            .collect();
        assert_eq!(asked, [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn a_skipped_agent_is_owed_the_turn() {
        let mut team: Vec<_> = (0..3).map(|label| contender(label, 1)).collect();
        let rules = rules(Strategy::Rotating, Some(1));
        team[0].standing = away(Reason::Paused);
        let decision = decide(&rules, &team);
        assert_eq!(decision.chosen, Some(1));
        assert_eq!(decision.skipped[0].reason, Reason::Paused);
        assert_eq!(decision.skipped[0].owed_thousandths, Some(333));
        next(&rules, &mut team);
        assert_eq!(next(&rules, &mut team), Some(2));
        team[0].standing = Standing::OnDuty;
        assert_eq!(next(&rules, &mut team), Some(0), "the turn that was owed");
    }

    #[test]
    fn a_returning_clients_agent_is_asked_first_and_pays_nothing() {
        let mut team: Vec<_> = (0..3).map(|label| contender(label, 1)).collect();
        let mut rules = rules(Strategy::Rotating, Some(1));
        rules.sticky = Some(UserId("sales-2".to_owned()));
        let decision = decide(&rules, &team);
        assert_eq!((decision.chosen, decision.rule), (Some(2), "sticky"));
        assert!(decision.credits.is_empty());
        team[2].asked = Some(Reason::Asked);
        assert_eq!(
            next(&rules, &mut team),
            Some(0),
            "silence rolls on, by turn"
        );
    }

    proptest! {
        #[test]
        fn shares_never_differ_from_weights_by_more_than_an_offer(
            weights in prop::collection::vec(1_i64..=7, 1..8), leads in 1_usize..200,
        ) {
            let mut team: Vec<_> = weights.iter().enumerate().map(|(label, weight)| contender(label, *weight)).collect();
            let rules = rules(Strategy::Weighted, Some(1));
            let total: i64 = weights.iter().sum();
            let mut offers = vec![0_i64; weights.len()];
            for lead in 1..=i64::try_from(leads).expect("few") {
                offers[next(&rules, &mut team).expect("somebody")] += 1;
                for (offers, weight) in offers.iter().zip(&weights) {
                    // |offers - lead * weight / total| <= 1, in whole numbers.
                    prop_assert!((offers * total - lead * weight).abs() <= total, "{offers} of {lead} for {weight}/{total}");
                }
            }
        }

        #[test]
        fn whoever_was_away_has_their_share_once_their_debts_are_paid(
            weights in prop::collection::vec(1_i64..=5, 2..7),
            absences in prop::collection::vec(prop::collection::vec(any::<bool>(), 6), 1..60),
        ) {
            let mut team: Vec<_> = weights.iter().enumerate().map(|(label, weight)| contender(label, *weight)).collect();
            let rules = rules(Strategy::Weighted, None);
            let total: i64 = weights.iter().sum();
            let mut offers = vec![0_i64; weights.len()];
            let mut leads = 0;
            for absent in &absences {
                for (contender, absent) in team.iter_mut().zip(absent) {
                    contender.standing = if *absent { away(Reason::Leave) } else { Standing::OnDuty };
                }
                if let Some(chosen) = next(&rules, &mut team) {
                    offers[chosen] += 1;
                    leads += 1;
                }
            }
            // Everybody is back; what is owed is paid within so many leads.
            for contender in &mut team {
                contender.standing = Standing::OnDuty;
            }
            for _ in 0..absences.len() * weights.len() * 5 {
                offers[next(&rules, &mut team).expect("somebody")] += 1;
                leads += 1;
            }
            for (offers, weight) in offers.iter().zip(&weights) {
                prop_assert!((offers * total - leads * weight).abs() <= total, "{offers} of {leads} for {weight}/{total}");
            }
            prop_assert!(team.iter().filter_map(|one| one.credit).sum::<i64>().abs() < TURN);
        }

        #[test]
        fn nobody_is_ever_owed_more_than_the_queue_allows(
            absences in prop::collection::vec(prop::collection::vec(any::<bool>(), 4), 1..80),
        ) {
            let mut team: Vec<_> = (0..4).map(|label| contender(label, 1)).collect();
            let rules = rules(Strategy::Rotating, Some(1));
            for absent in &absences {
                for (contender, absent) in team.iter_mut().zip(absent) {
                    contender.standing = if *absent { away(Reason::OffHours) } else { Standing::OnDuty };
                }
                next(&rules, &mut team);
                for contender in team.iter().filter(|one| one.standing != Standing::OnDuty) {
                    prop_assert!(contender.credit.expect("a place") <= 2 * TURN);
                }
            }
        }
    }
}
