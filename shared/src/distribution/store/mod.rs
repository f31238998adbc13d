//! SQL of distribution, by table.

mod archive;
mod attempts;
mod audit;
mod board;
mod bulk;
mod bursts;
mod by_hand;
mod clients;
mod conflicts;
mod contenders;
mod cycles;
mod ends;
mod events;
mod handover;
mod health;
mod held;
mod locks;
mod many_contenders;
mod metrics;
mod offers;
mod person;
mod places;
mod received;
mod records;
mod show;
mod snapshot;
mod summary;

pub(crate) use archive::{
    archivable, archives, archives_of, count_archivable, delete_archived, insert_archive,
    owns_events, whole_since,
};
pub(crate) use attempts::{
    NewAttempt, NewOffers, begin_last_round, forget_acceptance, insert_assigned, make_offers,
    others_are_open, record_offers_accepted,
};
pub(crate) use audit::{
    attempts_that_disagree_with_their_log, count_breaches, deliveries_without_job,
    distributing_without_cycle, handovers_without_job, lock_cycle_without_offer,
    open_cycles_with_a_gap, open_cycles_without_offer, open_since, open_to_disabled, open_unsent,
    open_without_alarm, queued_without_job, rolled_since, sent_since, set_audit_due, take_audit,
};
pub(crate) use board::{
    BoardLimits, board_agents, board_leads, board_seats, last_hour, seats_of_queue,
};
pub use bulk::BulkAssignment;
pub(crate) use bulk::{
    BegunBulk, BulkResult, NewBulk, begin_bulk, bulk, bulk_leads, cancel_bulk, end_bulk,
    insert_bulk, next_bulk_lead, set_bulk_result,
};
pub(crate) use bursts::{has_suspect_since, similar_leads};
pub(crate) use by_hand::{
    NamedCycle, agent_by_label, all_managers, cycle_by_code, end_cycle_by_hand,
    gives_second_chances, insert_cycle_by_hand, lock_assignable_cycle, managers_of, name_cycle,
    team_of, winning_attempt, words_of,
};
pub(crate) use clients::{last_client_of, lead_of_message};
pub use conflicts::Conflict;
pub(crate) use conflicts::{conflict, decide_conflict, insert_conflict, open_conflicts};
pub(crate) use contenders::{
    DISABLED, DecisionInput, decision_input, ended, insert_cycle, pass_over_the_full, set_credits,
};
pub(crate) use cycles::{
    NewCycle, close_cycle, end_cycles, insert_members, latest_cycle, lock_open_cycle,
    read_one_snapshot,
};
pub(crate) use ends::{
    WithdrawnOffer, accept, accept_after_roll, decline, set_undeliverable, time_out, withdraw,
    withdraw_open,
};
pub(crate) use events::{log, log_current_state, names_of_everybody, of_lead};
pub use handover::{DeskHandover, PastHandover};
pub(crate) use handover::{
    Destination, Handover, claimed_leads_of, end_handover, handover, handovers_of,
    insert_desk_handover, managers_of_agent, moved_leads, next_visit_of, record_moved,
    visits_ahead_of, visits_with,
};
pub(crate) use health::{
    Failure, Success, count_failure_of, count_sends, forget_failures, frozen_since, is_failing,
    lock_harmed_offers, lock_health, restart_harmed_offers, wake_frozen_sends,
};
pub(crate) use held::{
    Line, Returns, everybody_who_can_be_asked, held_without_look, hold_cycle, join_line, lines,
    lock_held_cycle, lock_line, look_now, mend_line, next_to_release, open_held_cycle,
    pass_line_on, queue_of_held, queue_to_wait_for, set_look, write_resume_times,
};
pub(crate) use locks::{
    lock_a_due_offer_for_roll, lock_for_roll, lock_for_rolls, lock_free_offers_at, lock_offer_at,
};
pub(crate) use many_contenders::{ManyContenders, insert_cycles, many_contenders};
pub(crate) use metrics::{metrics, punctuality};
pub(crate) use offers::{
    SendableOffer, latest_offer, lock_cycle_and_attempt, lock_offer, most_urgent_offer,
    next_deadline, offer, offer_by_code, offers_live_at, open_offers_of, sendable_offers,
    set_deadline, time_to_next_deadline,
};
pub(crate) use person::person_rows;
pub use places::Place;
pub(crate) use places::places_of;
pub(crate) use received::{
    count_message_failure, delete_received, erase_received, insert_received, known_number,
    learn_recipient, lock_received, lock_received_as, lock_senders, message_in_time,
    number_of_agent_of, receive_one, remove_received, rewrite_received, take_received,
    unhandled_before, unhandled_of_delivery,
};
pub(crate) use records::delete_old_records;
pub(crate) use show::{attempts, cycles, members};
pub(crate) use snapshot::snapshots;
pub(crate) use summary::{
    managers_for_summary, queue_figures, queues_of_manager, record_summary, set_summary,
};
