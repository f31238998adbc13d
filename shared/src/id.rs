//! Typed ids, so that a cycle's id is never passed for an attempt's.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id: UUIDv7 (RFC 9562), so that rows sort by age.
            #[allow(clippy::new_without_default, reason = "two defaults that differ would surprise")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )+};
}

uuid_id! {
    /// A person who asked about a property.
    LeadId,
    /// One run of a lead through a queue.
    CycleId,
    /// One offer of a lead to one agent.
    AttemptId,
    /// A queue of agents.
    QueueId,
    /// One WhatsApp message, in or out. An inbound message keeps the id of the event it came in as.
    MessageId,
    /// One send to a provider.
    SendId,
    /// One delivery of a webhook.
    DeliveryId,
    /// A visit.
    AppointmentId,
    /// A reminder of a visit.
    ReminderId,
}

/// A user's id: better-auth's opaque text.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct UserId(pub String);

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
