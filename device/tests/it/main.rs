//! The linked device against a mock of WhatsApp.

#![allow(
    clippy::unwrap_used,
    clippy::pedantic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod house;
mod linking;
mod messages;
mod mock;
mod outages;
mod story;
