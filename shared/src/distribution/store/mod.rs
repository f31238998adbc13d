//! SQL of distribution, by what it is about.

mod attempts;
mod audit;
mod cycles;
mod health;
mod inbound;
mod offers;

pub(super) use attempts::{
    accept, accept_after_roll, attempt_to_show, attempts, decline, insert_next,
    record_offer_accepted, set_undeliverable, time_out, withdraw_open,
};
pub(super) use audit::{
    a_message_waits, distributing_without_cycle, lock_cycle_without_offer, open_cycles_with_a_gap,
    open_cycles_without_offer, open_since, open_without_alarm,
};
pub(super) use cycles::{
    close_cycle, cycle_to_show, cycles, end_cycles, insert_cycle, insert_members,
    lock_a_held_cycle, lock_open_cycle, members, open_held_cycle, read_one_snapshot,
};
pub(super) use health::{
    count_failure_of, forget_failures, frozen_since, give_all_open_offers_until, is_failing,
    lock_all_open_offers, lock_health,
};
pub(super) use inbound::{
    InboundEvent, announce_word, count_failure, inbound_before, insert_inbound, take_inbound,
    word_in_time,
};
pub(super) use offers::{
    SendableOffer, latest_offer, lock_a_due_offer, lock_cycle_and_attempt, lock_offer,
    next_deadline, now_that_words_are_written, offer, offer_by_code, offers_live_at,
    sendable_offer, time_to_next_deadline,
};
