//! SQL of distribution, by what it is about.

mod attempts;
mod audit;
mod by_hand;
mod contenders;
mod cycles;
mod ends;
mod events;
mod health;
mod held;
mod inbound;
mod offers;
mod show;
mod vitals;

pub(super) use attempts::{
    NewAttempt, begin_last_round, insert_assigned, insert_attempts, others_are_open,
    record_offer_accepted,
};
pub(super) use audit::{
    a_message_waits, attempts_that_disagree_with_their_log, distributing_without_cycle, held_since,
    lock_cycle_without_offer, open_cycles_with_a_gap, open_cycles_without_offer, open_since,
    open_without_alarm,
};
pub(super) use by_hand::{
    agent_by_label, cycle_by_code, end_cycle_by_hand, gives_second_chances, insert_cycle_by_hand,
    is_manager, lock_assignable_cycle, managers_of, name_cycle, team_of, winning_attempt,
};
pub(super) use contenders::{Board, board, set_credits};
pub(super) use cycles::{
    NewCycle, close_cycle, end_cycles, insert_cycle, insert_members, lock_open_cycle,
    read_one_snapshot,
};
pub(super) use ends::{
    accept, accept_after_roll, decline, set_undeliverable, time_out, withdraw_open,
};
pub(super) use events::{log_what_is, names_of_everybody, of_lead, record, record_news};
pub(super) use health::{
    count_failure_of, forget_failures, frozen_since, give_all_open_offers_until, is_failing,
    lock_all_open_offers, lock_health,
};
pub(super) use held::{
    HeldCycle, held_cycles, hold_cycle, lock_held_cycle, next_release, open_held_cycle,
    releasable_cycles,
};
pub(super) use inbound::{
    InboundEvent, announce_words, count_failure, inbound_before, inbound_of, insert_inbound,
    known_number, take_inbound, word_in_time,
};
pub(super) use offers::{
    Place, SendableOffer, latest_offer, lock_a_due_offer, lock_cycle_and_attempt, lock_offer,
    next_deadline, now_that_words_are_written, offer, offer_by_code, offers_live_at,
    open_offers_of, places_of, sendable_offer, time_to_next_deadline,
};
pub(super) use show::{attempt_to_show, attempts, cycle_to_show, cycles, members};
pub(super) use vitals::vitals;
