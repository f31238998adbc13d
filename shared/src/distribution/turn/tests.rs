use super::{Contender, Rules, Strategy, TURN, decide};
use crate::availability::{DutyStatus, Reason};
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
        duty: DutyStatus::OnDuty,
    }
}

fn rules(strategy: Strategy, most_turns_owed: Option<i32>) -> Rules {
    Rules {
        strategy,
        former_agent: None,
        most_turns_owed,
    }
}

/// Decides, and stores the credits as the store does.
fn next(rules: &Rules, contenders: &mut [Contender]) -> Option<usize> {
    let decision = decide(rules, contenders);
    for (sales_id, credit) in decision.credits {
        for contender in contenders.iter_mut().filter(|one| one.sales_id == sales_id) {
            contender.credit = Some(credit);
        }
    }
    decision.chosen
}

fn away(reason: Reason) -> DutyStatus {
    DutyStatus::Away {
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
    team[0].duty = away(Reason::Paused);
    let decision = decide(&rules, &team);
    assert_eq!(decision.chosen, Some(1));
    assert_eq!(decision.skipped[0].reason, Reason::Paused);
    assert_eq!(decision.skipped[0].owed_thousandths, Some(333));
    next(&rules, &mut team);
    assert_eq!(next(&rules, &mut team), Some(2));
    team[0].duty = DutyStatus::OnDuty;
    assert_eq!(next(&rules, &mut team), Some(0), "the turn that was owed");
}

#[test]
fn a_returning_clients_agent_is_asked_first_and_pays_nothing() {
    let mut team: Vec<_> = (0..3).map(|label| contender(label, 1)).collect();
    let mut rules = rules(Strategy::Rotating, Some(1));
    rules.former_agent = Some(UserId("sales-2".to_owned()));
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
                contender.duty = if *absent { away(Reason::Leave) } else { DutyStatus::OnDuty };
            }
            if let Some(chosen) = next(&rules, &mut team) {
                offers[chosen] += 1;
                leads += 1;
            }
        }
        // All agents are back. The credit is paid within this many leads.
        for contender in &mut team {
            contender.duty = DutyStatus::OnDuty;
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
                contender.duty = if *absent { away(Reason::OffHours) } else { DutyStatus::OnDuty };
            }
            next(&rules, &mut team);
            for contender in team.iter().filter(|one| one.duty != DutyStatus::OnDuty) {
                prop_assert!(contender.credit.expect("a place") <= 2 * TURN);
            }
        }
    }
}
