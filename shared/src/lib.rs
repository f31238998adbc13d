//! Property Lounge gives every lead to a salesperson in turn and never loses a timeout.
//!
//! Two doors, one house: the `api` process (HTTP) and the `worker` process (jobs) are thin; every
//! rule lives in this crate, one folder per capability, each the same trio:
//!
//! | file | holds | never |
//! |---|---|---|
//! | `mod.rs` | operations: public, one transaction each | SQL text |
//! | `model.rs` | types and pure rules | async, SQL, the clock |
//! | `store.rs` | SQL as free functions, private | decisions |
//!
//! ```text
//! api ──► shared ◄── worker
//!          │
//!          ├─ distribution ─► leads, sales, whatsapp   which agent holds which lead, until when
//!          ├─ leads                                    people who asked about a property
//!          ├─ sales                                    the agents and their order, A to F
//!          ├─ appointments ─► leads                     visits, reminders, the calendar
//!          ├─ pipeline                                 what agents make of their leads, and lists of them
//!          ├─ live                                     what open screens are told of
//!          ├─ dashboard                                how sales go
//!          ├─ whatsapp                                 what was said, to whom, whether it arrived
//!          ├─ auth                                     passwords and the seed's users
//!          ├─ meta ─► distribution                     what Meta sends and is asked
//!          ├─ linked_device ─► distribution            a phone's WhatsApp, joined by QR code
//!          ├─ import                                   the old server's database, brought over
//!          ├─ availability                             when agents can be offered leads
//!          └─ providers                                the outside world, one wire format each
//! ```
//!
//! How a lead travels: [`distribution::receive`] stores a word as it was heard,
//! [`distribution::hear`] decides what it means in one transaction (a client's word opens a cycle,
//! an agent's OK claims), [`distribution::forward`] tells the agent, and [`distribution::check_deadline`]
//! passes the offer on once its deadline has gone by.
//!
//! The rules every operation keeps:
//!
//! 1. One operation is one transaction, its jobs inside it.
//! 2. Nothing from the outside world inside a transaction.
//! 3. Jobs carry ids, re-read the world, and may run twice.
//! 4. A deadline is a column; the job that fires at it is an alarm clock, never the law.
//! 5. The database is the referee: constraints and conditional updates, locks in the order
//!    lead → cycle → attempt.

pub mod address;
pub mod app;
pub mod appointments;
pub mod auth;
pub mod availability;
pub mod clock;
pub mod config;
pub mod dashboard;
pub mod db;
pub mod distribution;
pub mod error;
pub mod id;
pub mod import;
pub mod jobs;
pub mod leads;
pub mod linked_device;
pub mod live;
pub mod local_time;
pub mod meta;
pub mod phone;
pub mod pipeline;
pub mod providers;
pub mod request_id;
pub mod sales;
pub mod seed;
pub mod strategy;
pub mod telemetry;
pub mod texts;
pub mod unit_of_work;
pub mod whatsapp;

#[cfg(feature = "testing")]
pub mod testing;

pub use app::App;
pub use clock::Clock;
pub use error::{Error, Result};
