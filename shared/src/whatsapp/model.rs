//! What was said, to whom, whether it arrived.

use crate::address::Address;
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

/// An outbound message that is not stored yet.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Why we send it.
    pub kind: OutboundKind,
    /// The recipient.
    pub to: Address,
    /// The text.
    pub body: String,
    /// The lead that it is about.
    pub lead: Option<LeadId>,
    /// The cycle that it belongs to.
    pub cycle: Option<CycleId>,
    /// The offer that it is about.
    pub attempt: Option<AttemptId>,
    /// The inbound message that it answers.
    pub in_reply_to: Option<MessageId>,
    /// A short form, for a list or a template.
    pub short: Option<Short>,
}

impl Draft {
    /// A message that is about nothing in particular.
    pub fn new(kind: OutboundKind, to: impl Into<Address>, body: impl Into<String>) -> Self {
        Self {
            kind,
            to: to.into(),
            body: body.into(),
            lead: None,
            cycle: None,
            attempt: None,
            in_reply_to: None,
            short: None,
        }
    }

    /// The lead that the message is about.
    #[must_use]
    pub fn lead(self, lead: impl Into<Option<LeadId>>) -> Self {
        let lead = lead.into();
        Self { lead, ..self }
    }

    /// The cycle that the message belongs to.
    #[must_use]
    pub fn cycle(self, cycle: impl Into<Option<CycleId>>) -> Self {
        let cycle = cycle.into();
        Self { cycle, ..self }
    }

    /// The offer that the message is about.
    #[must_use]
    pub fn attempt(self, attempt: impl Into<Option<AttemptId>>) -> Self {
        let attempt = attempt.into();
        Self { attempt, ..self }
    }

    /// The inbound message that this one answers.
    #[must_use]
    pub fn in_reply_to(self, message: impl Into<Option<MessageId>>) -> Self {
        let in_reply_to = message.into();
        Self {
            in_reply_to,
            ..self
        }
    }

    /// The short form, for a list or a template.
    #[must_use]
    pub fn short(self, short: Short) -> Self {
        let short = Some(short);
        Self { short, ..self }
    }
}

/// The short form of a message.
#[derive(Clone, Debug)]
pub struct Short {
    /// One line of a list.
    pub line: String,
    /// The values of a template's placeholders, in order.
    pub parameters: Vec<String>,
}

/// An inbound message with what it was taken to mean: a row of `wa_message` to be stored.
#[derive(Clone, Debug)]
pub struct InboundRecord {
    /// The id under which the message was received.
    pub id: MessageId,
    /// Who wrote it.
    pub kind: InboundKind,
    /// The sender.
    pub from: Address,
    /// The text.
    pub body: String,
    /// What the message was taken to mean.
    pub outcome: &'static str,
    /// The provider's id of the message, if it has one.
    pub provider_message_id: Option<String>,
    /// When the sender wrote it, by the provider's clock.
    pub sent_at: Option<DateTime<Utc>>,
    /// The lead that it is about.
    pub lead: Option<LeadId>,
    /// The cycle that it belongs to.
    pub cycle: Option<CycleId>,
    /// The offer that it is about.
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

/// A message that somebody of the company wrote with the phone's own app.
#[derive(Clone, Debug)]
pub struct Echo {
    /// The recipient.
    pub to: Address,
    /// The text.
    pub body: String,
    /// The provider's id of the message.
    pub provider_message_id: String,
    /// When it was written.
    pub at: DateTime<Utc>,
}
