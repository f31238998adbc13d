//! The payload of every job, its queue, and how often it is tried.

use super::job::Job;
use crate::id::{AppointmentId, AttemptId, DeliveryId, MessageId, QueueId, ReminderId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Sends an attempt's offer to its agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ForwardLeadToSales {
    /// The offer to send.
    pub attempt: AttemptId,
    /// How often it was sent before and failed.
    #[serde(default)]
    pub nth: i32,
}

impl Job for ForwardLeadToSales {
    const QUEUE: &'static str = "forward-lead-to-sales.v1";
    // About a day, with the longest backoff. The message itself has a limit of calls.
    const TRIES: i32 = 300;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        nth(&self.attempt, self.nth)
    }
}

/// Checks an attempt at its deadline. The job is only an alarm: the deadline itself is a column.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckAckDeadline {
    /// The offer whose deadline may have passed.
    pub attempt: AttemptId,
}

impl Job for CheckAckDeadline {
    const QUEUE: &'static str = "check-ack-deadline.v1";
    const TRIES: i32 = 12;

    /// A moved deadline gets another job.
    fn idempotency_key(&self, run_at: DateTime<Utc>) -> String {
        format!("{}@{}", self.attempt, run_at.timestamp_micros())
    }
}

/// Sends an outbound row of `wa_message`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMessage {
    /// The row to send.
    pub message: MessageId,
    /// How often it was sent before and failed.
    #[serde(default)]
    pub nth: i32,
}

impl Job for SendMessage {
    const QUEUE: &'static str = "send-message.v1";
    // About a day, with the longest backoff. The message itself has a limit of calls.
    const TRIES: i32 = 300;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        nth(&self.message, self.nth)
    }
}

/// Looks at held leads, because an agent is available again.
///
/// An earlier version named a cycle. Its jobs are read as jobs for every queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReleaseHeldLeads {
    /// The queue whose next look is due. `None`: look at every queue now, because something about the
    /// agents has changed.
    #[serde(default)]
    pub queue: Option<QueueId>,
}

impl Job for ReleaseHeldLeads {
    const QUEUE: &'static str = "release-held-leads.v1";
    const TRIES: i32 = 12;

    /// All leads of a queue that wait for the same instant share one job.
    fn idempotency_key(&self, run_at: DateTime<Utc>) -> String {
        match self.queue {
            Some(queue) => format!("{queue}@{}", run_at.timestamp_micros()),
            // The job sees every change before it runs. A later change needs another job.
            None => Uuid::now_v7().to_string(),
        }
    }
}

/// Handles a webhook delivery.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HandleDelivery {
    /// The delivery, which is stored as it came.
    pub delivery: DeliveryId,
}

impl Job for HandleDelivery {
    const QUEUE: &'static str = "handle-delivery.v1";
    const TRIES: i32 = 12;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        self.delivery.to_string()
    }
}

/// Fetches a lead of a Meta form from the Graph API and distributes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FetchMetaLead {
    /// Meta's id of the lead.
    pub lead: String,
}

impl Job for FetchMetaLead {
    const QUEUE: &'static str = "fetch-meta-lead.v1";
    // About a day, with the longest backoff.
    const TRIES: i32 = 300;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        self.lead.clone()
    }
}

/// Looks for leads of Meta forms whose webhook never came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReconcileMetaLeads {}

impl Job for ReconcileMetaLeads {
    const QUEUE: &'static str = "reconcile-meta-leads.v1";
    const TRIES: i32 = 3;

    /// One job at a time, whichever process enqueues it.
    fn idempotency_key(&self, run_at: DateTime<Utc>) -> String {
        run_at.timestamp().to_string()
    }
}

/// Reports the outcome of a lead to Meta.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendConversion {
    /// The row of `conversion_event`.
    pub conversion: Uuid,
}

impl Job for SendConversion {
    const QUEUE: &'static str = "send-conversion.v1";
    const TRIES: i32 = 100;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        self.conversion.to_string()
    }
}

/// Sends a reminder of a visit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemindOfAppointment {
    /// The reminder that is due.
    pub reminder: ReminderId,
}

impl Job for RemindOfAppointment {
    const QUEUE: &'static str = "remind-of-appointment.v1";
    const TRIES: i32 = 12;

    /// A postponed reminder gets another job.
    fn idempotency_key(&self, run_at: DateTime<Utc>) -> String {
        format!("{}@{}", self.reminder, run_at.timestamp_micros())
    }
}

/// Writes a visit to the calendar.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SyncAppointment {
    /// The visit.
    pub appointment: AppointmentId,
    /// The version of the visit when the job was enqueued. The calendar gets the latest version.
    pub version: i32,
}

impl Job for SyncAppointment {
    const QUEUE: &'static str = "sync-appointment.v1";
    // About a day, with the longest backoff.
    const TRIES: i32 = 300;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        format!("{}/{}", self.appointment, self.version)
    }
}

/// Sends each manager the summary of a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendSummary {
    /// The day, by the company's zone.
    pub day: NaiveDate,
}

impl Job for SendSummary {
    const QUEUE: &'static str = "send-summary.v1";
    const TRIES: i32 = 12;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        self.day.to_string()
    }
}

/// Moves the offers, leads and visits of a disabled agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HandOver {
    /// The row of `agent_handover`.
    pub handover: Uuid,
}

impl Job for HandOver {
    const QUEUE: &'static str = "hand-over.v1";
    const TRIES: i32 = 100;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        self.handover.to_string()
    }
}

/// Assigns the next leads of a bulk assignment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AssignLeads {
    /// The row of `bulk_assignment`.
    pub bulk: Uuid,
    /// How many batches were assigned before.
    pub nth: i32,
}

impl Job for AssignLeads {
    const QUEUE: &'static str = "assign-leads.v1";
    const TRIES: i32 = 100;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        nth(&self.bulk, self.nth)
    }
}

/// Enters the next rows of a list of leads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnterLeadList {
    /// The row of `lead_list`.
    pub list: Uuid,
    /// How many batches were entered before.
    pub nth: i32,
}

impl Job for EnterLeadList {
    const QUEUE: &'static str = "enter-lead-list.v1";
    const TRIES: i32 = 100;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        nth(&self.list, self.nth)
    }
}

/// The key of the n-th job of a row.
fn nth(row: &impl std::fmt::Display, nth: i32) -> String {
    if nth == 0 {
        row.to_string()
    } else {
        format!("{row}/{nth}")
    }
}
