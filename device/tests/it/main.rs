//! The linked device against a mock of WhatsApp.

#![allow(missing_docs, reason = "tests are read by their names")]

mod company;
mod linking;
mod messages;
mod mock;
mod outages;
mod story;
