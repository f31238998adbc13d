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
mod audit;
mod bind;
mod claim;
mod cycle;
mod forward;
mod freeze;
mod hear;
mod intake;
mod model;
mod policy;
mod rehearse;
mod roll;
mod send;
mod store;
mod undeliverable;
mod view;

pub use audit::{Breach, audit};
pub use cycle::release_held;
pub use forward::{forward, give_up_offer};
pub use freeze::frozen_since;
pub use hear::{hear, hear_what_was_left, receive, take_word};
pub use intake::take_ad;
pub use model::{
    Ad, Attempt, AttemptStatus, Checked, Cycle, CycleStatus, CycleStory, Door, Journey, Opened,
    Outcome, Report, Rolled, Standing, Word,
};
pub use rehearse::pool_for_rolls;
pub use roll::{check_deadline, next_deadline, roll_all_due, time_to_next_deadline};
pub use send::send;
pub use undeliverable::{Undeliverable, offer_undeliverable};
pub use view::{agent, journey, standing};
