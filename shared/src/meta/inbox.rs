//! Types for a person's work: parts of deliveries that could not be read, leads without a usable number, events of the
//! WhatsApp account.

use crate::id::DeliveryId;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// A part of a delivery that could not be read.
#[derive(Clone, Debug)]
pub struct UnreadPart {
    /// Its id.
    pub id: Uuid,
    /// The delivery.
    pub delivery: DeliveryId,
    /// `whatsapp` or `leads`.
    pub source: String,
    /// Where in the delivery, for example `entry/0/changes/1/messages/0`. Empty: the whole delivery.
    pub place: String,
    /// Why, as a stable word.
    pub reason: String,
    /// When the delivery came.
    pub received_at: DateTime<Utc>,
}

impl UnreadPart {
    /// What a person can do about it, in one sentence.
    pub fn advice(&self) -> &'static str {
        match self.reason.as_str() {
            "another_number" => {
                "It is about another number of the WhatsApp account. If that number is yours, set WA_CLOUD_PHONE_NUMBER_ID to it, restart, and retry; else remove the number from the app's webhook and close this."
            }
            "not_json" | "not_a_delivery" => {
                "Check which URL the app's webhook calls: this path takes deliveries of Meta only. Close this if nothing is missing."
            }
            "no_sender" => {
                "The message names neither a number nor a WhatsApp id that can be answered. Retry after an upgrade, or look the chat up in WhatsApp Manager."
            }
            _ => "This version does not know this form. Retry after an upgrade, or close it.",
        }
    }
}

/// An event of the WhatsApp account that Meta reported.
#[derive(Clone, Debug)]
pub struct ReportedEvent {
    /// Its id.
    pub id: Uuid,
    /// Meta's name of the field: `account_update`, `message_template_status_update` …
    pub field: String,
    /// Meta's word for what happened: `DISABLED_UPDATE`, `REJECTED` …
    pub event: String,
    /// `info`, or `danger` if messages may stop.
    pub severity: String,
    /// The change's value, as it came.
    pub detail: Value,
    /// When the delivery came.
    pub received_at: DateTime<Utc>,
}

/// A lead of a form that could not be taken.
#[derive(Clone, Debug)]
pub struct UnusableLead {
    /// Meta's id.
    pub id: String,
    /// Meta's id of its form.
    pub form: Option<String>,
    /// The name that an admin gave the form.
    pub form_name: Option<String>,
    /// Why it could not be taken.
    pub reason: String,
    /// The answers, each question with its values. `None`: the lead could not be fetched.
    pub answers: Option<Value>,
    /// When the form was submitted.
    pub made_at: Option<DateTime<Utc>>,
    /// When we heard of it.
    pub heard_at: DateTime<Utc>,
}
