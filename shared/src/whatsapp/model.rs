//! What was said, to whom, whether it arrived.

use super::Address;
use crate::id::{AttemptId, CycleId, LeadId, MessageId};
use chrono::{DateTime, Utc};

/// Why we speak: the `kind` of an outbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboundKind {
    /// To a client: please wait.
    AutoReply,
    /// To an agent: here is a lead.
    Offer,
    /// To the agent who claimed.
    Claimed,
    /// To an agent who passed.
    Declined,
    /// To an agent whose offer was taken back.
    Withdrawn,
    /// To an agent whose OK was late.
    Late,
    /// To an agent whose OK fits several offers.
    Ambiguous,
    /// To an agent who has no offer.
    NothingOpen,
    /// To a lead's owner: the client wrote.
    OwnerClientWrote,
    /// To a lead's owner: the client filled in another ad.
    OwnerNewAd,
    /// To an agent: what they can say.
    Help,
    /// To an agent: where they stand.
    Queue,
    /// To an agent who takes a break.
    Paused,
    /// To an agent whose break is over.
    Resumed,
    /// To an agent who was given a lead by hand.
    Assigned,
    /// To a manager: nobody took a lead.
    ManagerHangus,
    /// To a manager: a lead waits, nobody can be asked.
    ManagerHeld,
    /// To a manager who gave a lead to somebody, or tried to.
    ManagerAnswer,
    /// To a client who filled in an ad and has not written.
    Welcome,
    /// To an agent: a visit is near.
    ReminderAgent,
    /// To a client: a visit is near.
    ReminderClient,
    /// To whom an admin tries the connection with.
    Test,
}

impl OutboundKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AutoReply => "auto_reply",
            Self::Offer => "offer",
            Self::Claimed => "claimed",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Late => "late",
            Self::Ambiguous => "ambiguous",
            Self::NothingOpen => "nothing_open",
            Self::OwnerClientWrote => "owner_client_wrote",
            Self::OwnerNewAd => "owner_new_ad",
            Self::Help => "help",
            Self::Queue => "queue",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Assigned => "assigned",
            Self::ManagerHangus => "manager_hangus",
            Self::ManagerHeld => "manager_held",
            Self::ManagerAnswer => "manager_answer",
            Self::Welcome => "welcome",
            Self::ReminderAgent => "reminder_agent",
            Self::ReminderClient => "reminder_client",
            Self::Test => "test",
        }
    }
}

/// Who spoke: the `kind` of an inbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboundKind {
    /// A client, or somebody who may become one.
    Client,
    /// An agent.
    Agent,
    /// Somebody who answered an offer and is no agent.
    Stranger,
    /// A manager of a queue.
    Manager,
}

impl InboundKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Agent => "agent",
            Self::Stranger => "stranger",
            Self::Manager => "manager",
        }
    }
}

/// Something to say, before it is a row.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Why we speak.
    pub kind: OutboundKind,
    /// To whom.
    pub to: Address,
    /// What.
    pub body: String,
    /// About which lead.
    pub lead: Option<LeadId>,
    /// In which cycle.
    pub cycle: Option<CycleId>,
    /// About which offer.
    pub attempt: Option<AttemptId>,
    /// In answer to which inbound message.
    pub in_reply_to: Option<MessageId>,
    /// For forms that have no room for the whole of it.
    pub short: Option<Short>,
}

/// A message in short.
#[derive(Clone, Debug)]
pub struct Short {
    /// In a line, as in a list.
    pub line: String,
    /// What a template's blanks are filled with, in order.
    pub parameters: Vec<String>,
}

/// An inbound message, understood.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The id of the event that it came in as.
    pub id: MessageId,
    /// Who spoke.
    pub kind: InboundKind,
    /// Where they wrote from.
    pub from: Address,
    /// The words.
    pub body: String,
    /// What it was taken to mean.
    pub outcome: &'static str,
    /// The provider's id of the message, if it has one.
    pub provider_message_id: Option<String>,
    /// When its sender says it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// About which lead.
    pub lead: Option<LeadId>,
    /// In which cycle.
    pub cycle: Option<CycleId>,
    /// About which offer.
    pub attempt: Option<AttemptId>,
}

/// How an inbound message was answered when it was first heard.
#[derive(Clone, Debug)]
pub struct PastOutcome {
    /// Its id.
    pub id: MessageId,
    /// What it was taken to mean.
    pub outcome: String,
    /// About which lead.
    pub lead_id: Option<LeadId>,
    /// About which offer.
    pub attempt_id: Option<AttemptId>,
}

/// An outbound row that waits to be sent.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Its id.
    pub id: MessageId,
    /// To whom.
    pub to: Address,
    /// What it says.
    pub body: String,
    /// The offer that it makes, if it is one.
    pub attempt: Option<AttemptId>,
    /// From when on nobody is to read it.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A row of `wa_message` as it is shown.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// `in` or `out`.
    pub direction: String,
    /// Who spoke, or why we did.
    pub kind: String,
    /// The sender.
    pub from_wa: String,
    /// The recipient.
    pub to_wa: String,
    /// The words.
    pub body: String,
    /// Inbound: what it was taken to mean.
    pub outcome: Option<String>,
    /// How far it got.
    pub delivery_status: String,
    /// The provider's id.
    pub provider_message_id: Option<String>,
    /// About which offer.
    pub attempt_id: Option<AttemptId>,
    /// When the provider took it.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it was on the recipient's phone, if the provider tells.
    pub delivered_at: Option<DateTime<Utc>>,
    /// When it was read, if the provider tells.
    pub read_at: Option<DateTime<Utc>>,
    /// What its sender made of it afterwards.
    pub edited_body: Option<String>,
    /// When its sender took it back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
}

/// What its sender changed of a message afterwards.
#[derive(Clone, Debug)]
pub struct Correction {
    /// The correction's own id.
    pub id: String,
    /// The message that it is about, by the provider's id.
    pub original_id: String,
    /// The words now; `None`: it was taken back.
    pub body: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}
