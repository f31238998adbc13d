//! The model of two leads that turn out to be one person.

use super::lead::Lead;
use super::promise::Model;

impl Model {
    /// WhatsApp reports that the client with the number `old` has the number `new` now. A lead that has the new
    /// number is the same person: a claimed lead stays, or else the one that is being distributed, or else the
    /// one that was claimed or created first. Of two owners nobody loses a lead.
    pub(super) fn change_number(&mut self, old: usize, new: usize) {
        let same_owner = |one: &Lead, other: &Lead| one.owner == other.owner;
        if old == new {
            return;
        }
        if let (Some(one), Some(other)) = (&self.leads[old], &self.leads[new])
            && one.status == "claimed"
            && other.status == "claimed"
            && !same_owner(one, other)
        {
            return;
        }
        let Some(moved) = self.leads[old].take() else {
            return;
        };
        let kept = match self.leads[new].take() {
            Some(other) => merged(moved, other),
            None => moved,
        };
        self.leads[new] = Some(kept);
        for number in &mut self.former {
            if *number == Some(old) {
                *number = Some(new);
            }
        }
        (self.former[old], self.former[new]) = (Some(new), None);
    }
}

fn merged(one: Lead, other: Lead) -> Lead {
    let rank = |lead: &mut Lead| {
        let is_live = lead.live().is_some();
        (
            lead.status != "claimed",
            !is_live,
            lead.claimed.is_none(),
            lead.claimed,
            lead.created,
            lead.nth,
        )
    };
    let (mut one, mut other) = (one, other);
    let (mut keep, mut lose) = if rank(&mut one) <= rank(&mut other) {
        (one, other)
    } else {
        (other, one)
    };
    lose.end(None);
    keep.created = keep.created.min(lose.created);
    keep.cycles.append(&mut lose.cycles);
    keep.cycles.sort_by_key(|cycle| (cycle.started, cycle.nth));
    keep
}
