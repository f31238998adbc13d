//! Offers: whose turn it is, sending the offer, holding and releasing a lead, freezing the clock.

pub(crate) mod acceptance;
pub(crate) mod alert;
pub(crate) mod chat_link;
pub(crate) mod client_notice;
pub(crate) mod cycle;
pub(crate) mod delivery;
pub(crate) mod ended_text;
pub(crate) mod forward;
pub(crate) mod freeze;
mod hold;
mod jobs;
mod last_round;
pub(crate) mod mask;
mod offer_text;
pub(crate) mod owner_text;
pub(crate) mod release;
pub(crate) mod send;
pub(crate) mod shown;
pub(crate) mod turns;
pub(crate) mod warm_up;
