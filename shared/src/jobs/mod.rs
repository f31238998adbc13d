//! Background jobs: how a job is enqueued in the caller's transaction. The payloads are in
//! `payloads.rs`. The handlers and the registry are in the `worker` crate.
//!
//! A queue is named after its kind and the version of its payload, for example
//! `send-message.v1`. A worker takes jobs only from the queues that it knows, so an old worker never
//! receives a job of a newer api that it cannot read.

mod enqueue;
mod failure;
mod job;
mod origin;
mod payloads;
mod workers;

pub(crate) use enqueue::JobColumns;
pub use enqueue::{
    ANNOUNCE_WITHIN, Announce, CHANNEL, Scheduled, enqueue, enqueue_again, enqueue_all, waited,
};
pub use failure::JobFailure;
pub(crate) use failure::masked;
pub use job::Job;
pub(crate) use origin::Origin;
pub use payloads::{
    AssignLeads, CheckAckDeadline, EnterLeadList, FetchMetaLead, ForwardLeadToSales, HandOver,
    HandleDelivery, ReconcileMetaLeads, ReleaseHeldLeads, RemindOfAppointment, SendConversion,
    SendMessage, SendSummary, SyncAppointment,
};
pub use workers::{WORKER_LOCK_CLASS, workers_alive};
