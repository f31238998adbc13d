//! Which agent holds which lead, until when.
//!
//! ```text
//! receive ─► hear ─┬─ a client's word ─► cycle::start ─► offer to A ─► forward (tell A)
//!                  └─ an agent's OK ──► claim                │
//!                                                    deadline│
//!                     roll ◄── alarm (CheckAckDeadline) ◄────┘
//!                      │   ◄── sweep, for what no alarm rang for
//!                      └─► offer to B … F ─► hangus
//! ```
//!
//! Claim needs `t < deadline`, roll needs `now >= deadline`, each one conditional statement on the
//! same locked row: one owner, whatever interleaves.

pub mod lexicon;

mod answer;
mod assign;
mod audit;
mod bind;
mod claim;
mod command;
mod cycle;
mod delivery;
mod event;
mod explain;
mod forward;
mod freeze;
mod hear;
mod hold;
mod intake;
mod last_round;
mod manager;
mod mask;
mod merge;
mod model;
mod policy;
mod rehearse;
mod roll;
mod send;
mod simulate;
mod store;
mod turn;
mod undeliverable;
mod view;
mod vitals;

pub use assign::{Assigned, assign};
pub use audit::{Breach, audit};
pub use delivery::report;
pub use event::{Cause, EventKind, LoggedEvent};
pub use explain::{Explanation, explain};
pub use forward::{forward, give_up_offer};
pub use freeze::{frozen_since, provider_is_away, provider_is_back};
pub use hear::{hear, hear_what_was_left, receive, receive_all, recognise, take_word, words_of};
pub use hold::{reconsider_held, release, release_held};
pub use intake::take_ad;
pub use mask::{masked_name, scrubbed};
pub use merge::change_number;
pub use model::{
    Ad, Attempt, AttemptStatus, Checked, Cycle, CycleStatus, CycleStory, Door, Journey, Opened,
    Outcome, Report, Rolled, Round, Standing, Word,
};
pub use rehearse::pool_for_rolls;
pub use roll::{check_deadline, next_deadline, roll_all_due, time_to_next_deadline};
pub use send::send;
pub use simulate::{Figures, Policy, Share, Simulation, simulate};
pub use turn::Strategy;
pub use undeliverable::{Undeliverable, offer_undeliverable};
pub use view::{agent, journey, standing};
pub use vitals::{Vitals, vitals};
