//! Which changes are legal, as tables.

use crate::Error;
use crate::auth::Role;
use crate::leads::{Lead, LeadProgress, LeadStatus};

/// The changes of a lead's status that a user can make; distribution makes the others. From, to, whether
/// the lead must have an owner, whether only an admin can.
const STATUSES: [(LeadStatus, LeadStatus, bool, bool); 4] = [
    (LeadStatus::Claimed, LeadStatus::Closed, false, false),
    (LeadStatus::Closed, LeadStatus::Claimed, true, false),
    (LeadStatus::Hangus, LeadStatus::Closed, false, true),
    (LeadStatus::New, LeadStatus::Closed, false, true),
];

/// Whether a user can change a lead's status from `from` to `to`.
pub fn may_become(from: LeadStatus, to: LeadStatus, has_owner: bool, by: Role) -> bool {
    STATUSES
        .iter()
        .any(|(one, other, needs_owner, admins_only)| {
            (*one, *other) == (from, to)
                && (has_owner || !needs_owner)
                && (by == Role::Admin || !admins_only)
        })
}

/// The steps of an agent's work that can follow each other. Only an admin can undo a sale.
const PROGRESS: [(LeadProgress, &[LeadProgress]); 8] = {
    use LeadProgress::{Contacted, FollowUp, Lost, Negotiation, NoAction, Pending, Visit, Won};
    [
        (Pending, &[Contacted, FollowUp, Visit, Negotiation, Lost]),
        (NoAction, &[Contacted, FollowUp, Visit, Negotiation, Lost]),
        (Contacted, &[FollowUp, Visit, Negotiation, Won, Lost]),
        (FollowUp, &[Contacted, Visit, Negotiation, Won, Lost]),
        (Visit, &[Contacted, FollowUp, Negotiation, Won, Lost]),
        (Negotiation, &[Contacted, FollowUp, Visit, Won, Lost]),
        (Won, &[]),
        (Lost, &[Contacted, FollowUp, Visit, Negotiation]),
    ]
};

/// Whether the progress of a claimed lead can change from `from` to `to`. An admin can also undo a sale.
pub fn may_progress(from: LeadProgress, to: LeadProgress, by: Role) -> bool {
    let undone = from == LeadProgress::Won && by == Role::Admin && to != LeadProgress::NoAction;
    undone
        || PROGRESS
            .iter()
            .any(|(one, after)| *one == from && after.contains(&to))
}

/// The error of a status that cannot follow, with those that can.
pub(super) fn refused_status(from: LeadStatus, has_owner: bool, by: Role) -> Error {
    let all = [
        LeadStatus::New,
        LeadStatus::Distributing,
        LeadStatus::Claimed,
        LeadStatus::Hangus,
        LeadStatus::Closed,
    ];
    let next: Vec<&str> = all
        .into_iter()
        .filter(|to| may_become(from, *to, has_owner, by))
        .map(LeadStatus::as_str)
        .collect();
    let detail = if next.is_empty() {
        format!(
            "a lead that is {} changes its status by distribution only: assign it, or wait",
            from.as_str()
        )
    } else {
        format!(
            "a lead that is {} can become: {}",
            from.as_str(),
            next.join(", ")
        )
    };
    Error::Transition { detail }
}

/// The error of a progress that cannot follow, with those that can.
pub(super) fn refused_progress(lead: &Lead, by: Role) -> Error {
    if lead.status != LeadStatus::Claimed {
        let detail = format!(
            "only a claimed lead has progress, and this one is {}",
            lead.status.as_str()
        );
        return Error::Transition { detail };
    }
    let all = PROGRESS.map(|(progress, _)| progress);
    let next: Vec<&str> = all
        .into_iter()
        .filter(|to| may_progress(lead.progress, *to, by))
        .map(LeadProgress::as_str)
        .collect();
    let detail = if next.is_empty() {
        format!(
            "after {} only an admin can set another progress",
            lead.progress.as_str()
        )
    } else {
        format!(
            "after {} can follow: {}",
            lead.progress.as_str(),
            next.join(", ")
        )
    };
    Error::Transition { detail }
}

#[cfg(test)]
mod tests {
    use super::{may_become, may_progress};
    use crate::auth::Role;
    use crate::leads::{LeadProgress, LeadStatus};

    #[test]
    fn what_distribution_is_at_no_person_changes() {
        for to in [
            LeadStatus::Claimed,
            LeadStatus::Hangus,
            LeadStatus::Closed,
            LeadStatus::New,
        ] {
            assert!(
                !may_become(LeadStatus::Distributing, to, false, Role::Admin),
                "{to:?}"
            );
        }
        assert!(
            !may_become(LeadStatus::Hangus, LeadStatus::Claimed, false, Role::Admin),
            "that is to assign it"
        );
    }

    #[test]
    fn a_closed_lead_is_opened_again_for_the_owner_it_had() {
        assert!(may_become(
            LeadStatus::Closed,
            LeadStatus::Claimed,
            true,
            Role::Sales
        ));
        assert!(!may_become(
            LeadStatus::Closed,
            LeadStatus::Claimed,
            false,
            Role::Admin
        ));
    }

    #[test]
    fn only_an_admin_undoes_a_sale_and_nobody_goes_back_to_the_beginning() {
        assert!(!may_progress(
            LeadProgress::Won,
            LeadProgress::Negotiation,
            Role::Sales
        ));
        assert!(may_progress(
            LeadProgress::Won,
            LeadProgress::Negotiation,
            Role::Admin
        ));
        assert!(!may_progress(
            LeadProgress::Visit,
            LeadProgress::Pending,
            Role::Admin
        ));
        assert!(!may_progress(
            LeadProgress::Visit,
            LeadProgress::NoAction,
            Role::Admin
        ));
    }
}
