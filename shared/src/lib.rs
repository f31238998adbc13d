//! Property Lounge gives every lead to a salesperson in turn and never loses a timeout.
//!
//! The `api` process (HTTP) and the `worker` process (jobs) are thin. Every rule is in this crate, one
//! folder per capability, most with the same three files:
//!
//! | file | contains | never contains |
//! |---|---|---|
//! | `mod.rs` | operations: one transaction each, or inside the caller's | SQL text |
//! | `model.rs` | types and pure rules | async, SQL, the clock |
//! | `store.rs` | SQL as free functions, private | decisions |
//!
//! ```text
//! distribution    which agent is offered which lead, until when, and who owns it
//! lead_lists      files of leads that an office uploads
//! leads           people who asked about a property
//! sales           agents and queues
//! availability    when agents can be offered leads
//! whatsapp        messages in and out, and the outbox
//! providers       WhatsApp providers, Graph, calendars: one wire format each
//! meta            webhook deliveries, leads of forms, conversions
//! linked_device   the session and state of a phone that is linked by QR code
//! appointments    visits, reminders, the calendar
//! pipeline        what agents do with their leads, and the lists of leads
//! snippets        ready answers that agents send
//! dashboard       sales figures
//! live            the feed of changes for open screens
//! auth            users, sessions, passwords
//! privacy         everything of one person, shown and erased
//! security        the log of sign-ins, changes, exports and reads
//! import          the previous server's database
//! operations      what the people do who run the system: jobs, queues, processes
//! ```
//!
//! The way of a lead: [`distribution::receive`] stores a message with the time of its receipt.
//! [`distribution::handle`] decides what it means, in one transaction: a client's message starts a
//! cycle, an agent's OK claims. [`distribution::forward`] sends the offer to the agent, and
//! [`distribution::check_deadline`] rolls it to the next agent after its deadline.
//!
//! The rules that every operation keeps are in `ARCHITECTURE.md`.

pub mod address;
pub mod app;
pub mod appointments;
pub mod auth;
pub mod availability;
pub mod clock;
pub mod config;
pub mod contacts;
pub mod dashboard;
mod database_trouble;
pub mod db;
pub mod distribution;
pub mod error;
pub mod id;
pub mod import;
pub mod invisible;
pub mod jobs;
pub mod lead_lists;
pub mod leads;
pub mod linked_device;
pub mod live;
pub mod local_time;
pub mod lossy_json;
pub mod meta;
pub mod metrics;
pub mod operations;
pub mod phone;
pub mod pipeline;
pub mod privacy;
pub mod providers;
pub mod request_id;
pub mod sales;
pub mod security;
pub mod seed;
pub mod snippets;
pub mod strategy;
pub mod telemetry;
pub mod texts;
pub mod together;
pub mod unit_of_work;
pub mod uri;
pub mod whatsapp;

#[cfg(feature = "testing")]
pub mod testing;

pub use app::App;
pub use clock::Clock;
pub use error::{Error, Result};
