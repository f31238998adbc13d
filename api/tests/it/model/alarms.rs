//! The model of the alarms of deadlines, and of what a freeze does to them.

use super::lead::Offer;
use super::promise::{Model, Time, WINDOW};
use chrono::TimeDelta;

/// An offer that was not accepted within this time goes to the next agent.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);

impl Model {
    pub(super) fn lose_alarms(&mut self) {
        self.open_offers()
            .for_each(|offer| (offer.alarm, offer.former) = (false, None));
    }

    /// The audit sets an alarm for each deadline that is to come.
    pub(super) fn set_alarms(&mut self, now: Time) {
        self.open_offers()
            .filter(|offer| offer.deadline > now)
            .for_each(|offer| offer.alarm = true);
    }

    /// The alarms of former deadlines until now have rung. While workers run each rings in time, before the deadline that
    /// replaced it, and does nothing.
    pub(super) fn former_alarms_ring(&mut self, now: Time) {
        for offer in self.open_offers() {
            offer.former = offer.former.filter(|(at, _)| *at > now);
        }
    }

    /// A deadline job that runs during a freeze is done.
    pub(super) fn alarms_ring(&mut self, now: Time) {
        self.former_alarms_ring(now);
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
        let next = self.next_alarm();
        let held = |offer: &&mut Offer| {
            let had_it = offer.accepted.is_some_and(|accepted| accepted < since);
            since < offer.deadline && offer.deadline < full && (!had_it || offer.deadline <= at)
        };
        for offer in self.open_offers().filter(held) {
            offer.move_deadline(full, next);
        }
    }
}
