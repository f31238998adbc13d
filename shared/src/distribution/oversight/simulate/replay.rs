//! The replay. Pure rules.

use super::policy::Policy;
use crate::id::{CycleId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, HashMap};

/// A recorded cycle that ended with a claim or hangus.
#[derive(Clone, Debug)]
pub(crate) struct PastCycle {
    pub(crate) id: CycleId,
    pub(crate) started_at: DateTime<Utc>,
    /// In the order of the places.
    pub(crate) members: Vec<UserId>,
    /// Members who were not offered the lead because they were away. Another policy would not have changed
    /// that.
    pub(crate) away: Vec<UserId>,
    /// In the order of the positions.
    pub(crate) offers: Vec<PastOffer>,
}

/// A recorded offer.
#[derive(Clone, Debug)]
pub(crate) struct PastOffer {
    pub(crate) sales_id: UserId,
    pub(crate) last_round: bool,
    pub(crate) assigned_at: DateTime<Utc>,
    /// How long after that the window began: when the provider accepted the offer, or a freeze ended.
    pub(crate) delay: TimeDelta,
    /// The window.
    pub(crate) window: TimeDelta,
    /// The time from the offer to its end.
    pub(crate) took: TimeDelta,
    pub(crate) answer: Answer,
}

/// How an agent answers an offer, and how long after its window began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// OK, in time or late.
    Ok {
        /// When.
        after: TimeDelta,
        /// The time that counts against the window: without the time in which a freeze stopped it.
        counted: TimeDelta,
    },
    /// Declines.
    Pass(TimeDelta),
    /// Cannot be reached, or was disabled. The window does not matter.
    Unreachable,
    Silence,
    /// The offer was withdrawn before they answered.
    Withdrawn,
}

/// The result of the cycles of a period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// How many cycles there were.
    pub cycles: usize,
    /// How many ended hangus.
    pub hangus: usize,
    /// The median time from a cycle's start to its claim.
    pub claim_p50: Option<TimeDelta>,
    /// The 90th percentile.
    pub claim_p90: Option<TimeDelta>,
    /// The figures of each agent, by id.
    pub shares: BTreeMap<UserId, Share>,
}

/// The figures of one agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Leads offered to them.
    pub offered: usize,
    /// Leads that they claimed.
    pub claimed: usize,
}

/// The result of one cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Course {
    offered: Vec<UserId>,
    claimed: Option<(UserId, TimeDelta)>,
}

/// The recorded figures.
pub(crate) fn recorded(history: &[PastCycle]) -> Figures {
    figures(history.iter().map(as_it_was))
}

/// The figures under the policy.
pub(crate) fn simulated(history: &[PastCycle], policy: &Policy) -> Figures {
    let habits = Habits::of(history);
    figures(history.iter().map(|cycle| replay(cycle, policy, &habits)))
}

fn as_it_was(cycle: &PastCycle) -> Course {
    let mut course = Course {
        offered: Vec::new(),
        claimed: None,
    };
    for offer in &cycle.offers {
        if offer.answer != Answer::Withdrawn || offer.last_round {
            course.offered.push(offer.sales_id.clone());
        }
        if let Answer::Ok { after, counted } = offer.answer
            && counted < offer.window
            && course.claimed.is_none()
        {
            let at = offer.assigned_at - cycle.started_at + offer.delay + after;
            course.claimed = Some((offer.sales_id.clone(), at));
        }
    }
    course
}

fn replay(cycle: &PastCycle, policy: &Policy, habits: &Habits<'_>) -> Course {
    let window = policy
        .window
        .and_then(|window| TimeDelta::from_std(window).ok());
    let mut course = Course {
        offered: Vec::new(),
        claimed: None,
    };
    let mut time = TimeDelta::zero();
    // Whether everything so far happened as recorded.
    let mut as_recorded = true;
    let mut turns = cycle.offers.iter().filter(|offer| !offer.last_round);
    for agent in order(cycle, policy) {
        let past = cycle
            .offers
            .iter()
            .find(|offer| !offer.last_round && offer.sales_id == *agent);
        if cycle.away.contains(agent) {
            continue;
        }
        let same_turn = turns.next().is_some_and(|offer| offer.sales_id == *agent);
        as_recorded &= same_turn;
        if let Some(past) = past.filter(|_| as_recorded) {
            time = past.assigned_at - cycle.started_at;
        }
        let delay = past.map_or(TimeDelta::zero(), |past| past.delay);
        let answer = match past.map(|past| past.answer) {
            None | Some(Answer::Withdrawn) => habits.draw(cycle.id, agent, false),
            Some(answer) => answer,
        };
        let window = window
            .or_else(|| past.map(|past| past.window))
            .unwrap_or_else(|| habits.window());
        course.offered.push(agent.clone());
        match answer {
            Answer::Ok { after, counted } if counted < window => {
                course.claimed = Some((agent.clone(), time + delay + after));
                if as_recorded {
                    course.offered.extend(offered_before_handled(cycle, agent));
                }
                return course;
            }
            Answer::Pass(after) if after < window => time += delay + after,
            Answer::Unreachable => time += past.map_or(window, |past| past.took),
            _ => {
                let kept = past.filter(|past| past.window == window);
                as_recorded &= kept.is_some();
                time += kept.map_or(delay + window, |past| past.took);
            }
        }
    }
    let had_one = cycle.offers.iter().any(|offer| offer.last_round);
    if policy.last_round.unwrap_or(had_one) {
        last_round(cycle, window, habits, time, &mut course);
    }
    course
}

/// The agents who were offered the lead after this one, because the OK that claimed it was handled late.
fn offered_before_handled<'cycle>(
    cycle: &'cycle PastCycle,
    agent: &'cycle UserId,
) -> impl Iterator<Item = UserId> + 'cycle {
    let later = cycle
        .offers
        .iter()
        .skip_while(|offer| offer.sales_id != *agent);
    later
        .skip(1)
        .filter(|offer| offer.answer != Answer::Withdrawn || offer.last_round)
        .map(|offer| offer.sales_id.clone())
}

/// The last round: the quickest OK claims.
fn last_round(
    cycle: &PastCycle,
    window: Option<TimeDelta>,
    habits: &Habits<'_>,
    time: TimeDelta,
    course: &mut Course,
) {
    let past = || cycle.offers.iter().filter(|offer| offer.last_round);
    let began = past()
        .map(|offer| offer.assigned_at - cycle.started_at)
        .min()
        .unwrap_or(time);
    let asked: Vec<&UserId> = if past().next().is_some() {
        past().map(|offer| &offer.sales_id).collect()
    } else {
        // Nobody who was away, passed or could not be reached.
        let can_be_asked = |agent: &&UserId| {
            let mut offers = cycle.offers.iter();
            let past = offers.find(|offer| offer.sales_id == **agent);
            !cycle.away.contains(agent)
                && !past.is_some_and(|past| {
                    matches!(past.answer, Answer::Pass(_) | Answer::Unreachable)
                })
        };
        cycle.members.iter().filter(can_be_asked).collect()
    };
    let mut quickest: Option<(UserId, TimeDelta)> = None;
    for agent in asked {
        course.offered.push(agent.clone());
        let known = past().find(|offer| offer.sales_id == *agent);
        let window = window
            .or_else(|| known.map(|offer| offer.window))
            .unwrap_or_else(|| habits.window());
        let delay = known.map_or(TimeDelta::zero(), |offer| offer.delay);
        let answer = match known.map(|offer| offer.answer) {
            None => habits.draw(cycle.id, agent, true),
            // Another agent was quicker, so it is unknown how quick they would have been.
            Some(Answer::Withdrawn) => Answer::Silence,
            Some(answer) => answer,
        };
        if let Answer::Ok { after, counted } = answer
            && counted < window
            && quickest
                .as_ref()
                .is_none_or(|(_, best)| began + delay + after < *best)
        {
            quickest = Some((agent.clone(), began + delay + after));
        }
    }
    course.claimed = quickest;
}

/// The order in which the cycle's agents are offered the lead.
fn order<'cycle>(cycle: &'cycle PastCycle, policy: &Policy) -> Vec<&'cycle UserId> {
    let asked = cycle
        .offers
        .iter()
        .filter(|offer| !offer.last_round)
        .map(|offer| &offer.sales_id);
    let mut order: Vec<&UserId> = Vec::new();
    for agent in asked.chain(&cycle.members) {
        if !order.contains(&agent) {
            order.push(agent);
        }
    }
    if let Some(wanted) = &policy.order {
        let place = |agent: &UserId| {
            wanted
                .iter()
                .position(|one| one == agent)
                .unwrap_or(usize::MAX)
        };
        order.sort_by_key(|agent| place(agent));
    }
    order
}

/// How each agent answered in the period.
struct Habits<'history> {
    turns: HashMap<&'history UserId, Vec<Answer>>,
    last_rounds: HashMap<&'history UserId, Vec<Answer>>,
    /// The window of most offers.
    window: TimeDelta,
}

impl<'history> Habits<'history> {
    fn of(history: &'history [PastCycle]) -> Self {
        let mut habits = Self {
            turns: HashMap::new(),
            last_rounds: HashMap::new(),
            window: TimeDelta::minutes(5),
        };
        let mut windows: HashMap<TimeDelta, usize> = HashMap::new();
        for offer in history.iter().flat_map(|cycle| &cycle.offers) {
            *windows.entry(offer.window).or_default() += 1;
            if offer.answer != Answer::Withdrawn {
                let by_round = if offer.last_round {
                    &mut habits.last_rounds
                } else {
                    &mut habits.turns
                };
                by_round
                    .entry(&offer.sales_id)
                    .or_default()
                    .push(offer.answer);
            }
        }
        let most = windows
            .into_iter()
            .max_by_key(|(window, count)| (*count, *window));
        habits.window = most.map_or(habits.window, |(window, _)| window);
        habits
    }

    fn window(&self) -> TimeDelta {
        self.window
    }

    /// One of the agent's answers, always the same for this cycle.
    fn draw(&self, cycle: CycleId, agent: &UserId, last_round: bool) -> Answer {
        let own = |answers: &HashMap<&UserId, Vec<Answer>>| {
            answers.get(agent).cloned().unwrap_or_default()
        };
        let mut answers = if last_round {
            own(&self.last_rounds)
        } else {
            Vec::new()
        };
        if answers.is_empty() {
            answers = own(&self.turns);
        }
        if answers.is_empty() {
            return Answer::Silence;
        }
        // FNV-1a, 64 bits: the same on every machine and in every version.
        let bytes = cycle.0.as_bytes().iter().chain(agent.0.as_bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let count = u64::try_from(answers.len()).unwrap_or(1);
        answers[usize::try_from(hash % count).unwrap_or(0)]
    }
}

fn figures(courses: impl Iterator<Item = Course>) -> Figures {
    let mut figures = Figures::default();
    let mut times = Vec::new();
    for course in courses {
        figures.cycles += 1;
        for agent in course.offered {
            figures.shares.entry(agent).or_default().offered += 1;
        }
        match course.claimed {
            Some((agent, time)) => {
                figures.shares.entry(agent).or_default().claimed += 1;
                times.push(time);
            }
            None => figures.hangus += 1,
        }
    }
    times.sort_unstable();
    // Nearest rank.
    let rank = |percent: usize| {
        times
            .get((times.len() * percent).div_ceil(100).saturating_sub(1))
            .copied()
    };
    figures.claim_p50 = rank(50);
    figures.claim_p90 = rank(90);
    figures
}
