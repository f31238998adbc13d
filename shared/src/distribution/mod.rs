//! Distribution: which agent is offered which lead, until when, and who owns it.
//!
//! ```text
//! background/  what jobs and the sweep call: check_deadline, forward, audit with its repairs
//! inbox/       receives a message and decides who wrote it, about which offer, and what it means
//! endings/     what ends an offer: claim, roll, decline, undeliverable, withdraw, assign, merge
//! offers/      what makes an offer: the next agent, the offer and its sending, hold and release, freeze
//! oversight/   audit, explain, simulate, metrics, view: reads store and model, changes no offer
//! store/       SQL, by table
//! model/  turn/  policy  event      types and pure rules
//! ```
//!
//! A module uses only folders below its own.
//!
//! A claim needs `time of the OK < deadline` and a roll needs `now >= deadline`. Each is one conditional
//! update of the same locked row, which must be open, so at most one of them ends the offer. ADR 4 and
//! ADR 5 describe the exceptions.

mod background;
mod endings;
mod event;
mod inbox;
mod model;
mod offers;
mod oversight;
mod policy;
mod store;
mod turn;

pub use crate::strategy::Strategy;
pub use crate::unit_of_work::Cause;
pub use background::bulk::{
    MOST_LEADS, assign_in_bulk, bulk_assignment, cancel_bulk, carry_out_bulk,
};
pub use background::deadline::{check_deadline, roll_all_due, roll_due_together};
pub use background::desk::{Desk, hand_over_desk, handovers, preview_desk};
pub use background::hand_over::hand_over;
pub use background::lead_list::enter_list;
pub use background::repair::{audit, audit_in_turn};
pub use background::sending::{apply_status, forward, give_up_offer};
pub use endings::assign::{Assigned, assign};
pub use endings::by_hand::{merge_by_hand, merges, undo_merge};
pub use endings::decide::{conflicts, decide};
pub use endings::distribute::distribute;
pub(crate) use endings::erase::{forget_received, person_rows, stop_for_erasure, tell_erased};
pub use endings::merge::change_number;
pub(crate) use endings::roll::MAX_FAILURES;
pub use endings::roll::{bring_next_deadline_forward, next_deadline, time_to_next_deadline};
pub use endings::stop::stop;
pub use endings::undeliverable::{Undeliverable, offer_undeliverable};
pub use event::{EventKind, LoggedEvent};
pub use inbox::by_hand::{NewLead, enter};
pub use inbox::lead_form::take_ad;
pub use inbox::lexicon;
pub use inbox::receive::{receive, receive_all, receive_edit, recognise, unhandled_messages_of};
pub use inbox::route::{handle, handle_unhandled, receive_and_handle, receive_and_show};
pub use inbox::tap::{Tap, tap};
pub use model::{
    Ad, Attempt, AttemptStatus, Board, BoardLead, BoardRow, BoardSeat, Channel, Checked, Cycle,
    CycleStatus, CycleStory, EventArchive, Handled, InboundMessage, Inbox, Journey, LastHour,
    LeadSnapshot, Metrics, Opened, Outcome, Punctuality, Report, Rolled, Round,
};
pub use offers::alert::warn_managers;
pub use offers::chat_link::chat_link;
pub use offers::freeze::{frozen_since, provider_is_away, provider_is_back};
pub use offers::mask::{masked_name, scrubbed};
pub use offers::release::{reconsider_held, release_held, release_held_of};
pub use offers::send::send;
pub use offers::shown::{MyOffers, ShownOffer, my_offers};
pub use offers::warm_up::{open_all, pool_for_rolls};
pub use oversight::archive::{archivable, archives, count_archivable, delete_archived};
pub use oversight::audit::Breach;
pub use oversight::board::board;
pub use oversight::explain::{Explanation, explain};
pub use oversight::forecast::next_of_queue;
pub use oversight::metrics::{metrics, punctuality};
pub use oversight::prune::prune_records;
pub use oversight::simulate::{Figures, Policy, Share, Simulation, simulate};
pub use oversight::summary::{plan_summary, send_summary};
pub use oversight::view::{agent, journey, snapshot};
pub use store::{BulkAssignment, Conflict, DeskHandover, PastHandover, Place};
