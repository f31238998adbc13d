//! Messages: their purpose, text and delivery.

use crate::address::Address;
use crate::id::{AttemptId, CycleId, LeadId, MessageId};
use chrono::{DateTime, Utc};

/// The purpose of an outbound message: its `kind`. A migration adds a new one to the function `is_message_kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboundKind {
    /// To a client: the auto-reply.
    AutoReply,
    /// To an agent: an offer.
    Offer,
    /// To the agent who claimed a lead.
    Claimed,
    /// To an agent who declined.
    Declined,
    /// To an agent whose offer was withdrawn.
    Withdrawn,
    /// To an agent whose OK was late.
    Late,
    /// To an agent whose OK matches several offers.
    Ambiguous,
    /// To an agent who has no offer.
    NothingOpen,
    /// To a lead's owner: the client wrote.
    OwnerClientWrote,
    /// To a lead's owner: the client submitted another form.
    OwnerNewAd,
    /// To an agent: the commands.
    Help,
    /// To an agent: their places and open offers.
    Queue,
    /// To an agent who started a break.
    Paused,
    /// To an agent who ended a break.
    Resumed,
    /// To an agent who was assigned a lead.
    Assigned,
    /// To a manager: no agent took a lead.
    ManagerHangus,
    /// To a manager: a lead is held because no agent is available.
    ManagerHeld,
    /// To a manager who assigned a lead, or tried to.
    ManagerAnswer,
    /// To a client who submitted a form and has not written.
    Welcome,
    /// To an agent: a visit is near.
    ReminderAgent,
    /// To a client: a visit is near.
    ReminderClient,
    /// A test message of an admin.
    Test,
    /// To a disabled agent who answered an offer.
    Disabled,
    /// To an agent who got the leads of a disabled agent.
    HandedOver,
    /// To a manager: a client wrote whose owner is disabled.
    ManagerClientWrote,
    /// To a manager: an agent was disabled.
    ManagerAgentDisabled,
    /// To a manager: two leads with different owners are one person.
    ManagerMerge,
    /// To the owner of such a lead.
    OwnerMerge,
    /// To a manager: the company's WhatsApp account is at risk.
    ManagerWarning,
    /// To an agent with an open offer whose message was not understood.
    OfferHint,
    /// To a client: which agent serves them.
    ClientClaimed,
    /// To a client: no agent took the lead.
    ClientHangus,
    /// To a client: when an agent is back.
    ClientHeld,
    /// To a client: a visit was booked, moved or cancelled.
    ClientVisit,
    /// To an agent: a lead that they were offered or own was stopped.
    LeadStopped,
    /// To a manager: the figures of a day or a week.
    Summary,
    /// To an agent: the question about the result of a visit.
    VisitQuestion,
    /// To an agent who answered that.
    VisitAnswer,
    /// To the owner of a lead: it goes to the queue of another project.
    OtherProject,
    /// To an agent who covers for the owner of a lead: the client wrote.
    Cover,
    /// To a client: a ready answer that their agent sent.
    Snippet,
    /// To an agent who sent a ready answer.
    SnippetAnswer,
}

impl OutboundKind {
    /// The value in the database.
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
            Self::Disabled => "disabled",
            Self::HandedOver => "handed_over",
            Self::ManagerClientWrote => "manager_client_wrote",
            Self::ManagerAgentDisabled => "manager_agent_disabled",
            Self::ManagerMerge => "manager_merge",
            Self::OwnerMerge => "owner_merge",
            Self::ManagerWarning => "manager_warning",
            Self::OfferHint => "offer_hint",
            Self::ClientClaimed => "client_claimed",
            Self::ClientHangus => "client_hangus",
            Self::ClientHeld => "client_held",
            Self::ClientVisit => "client_visit",
            Self::LeadStopped => "lead_stopped",
            Self::Summary => "summary",
            Self::VisitQuestion => "visit_question",
            Self::VisitAnswer => "visit_answer",
            Self::OtherProject => "other_project",
            Self::Cover => "cover",
            Self::Snippet => "snippet",
            Self::SnippetAnswer => "snippet_answer",
        }
    }

    /// Whether it goes to a client, who can ask for no messages.
    pub fn is_for_clients(self) -> bool {
        matches!(
            self,
            Self::AutoReply
                | Self::Welcome
                | Self::ReminderClient
                | Self::ClientClaimed
                | Self::ClientHangus
                | Self::ClientHeld
                | Self::ClientVisit
                | Self::Snippet
        )
    }
}

/// The sender's role: the `kind` of an inbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboundKind {
    /// A client, or a person who can become one.
    Client,
    /// An agent.
    Agent,
    /// A person who answered an offer and is not an agent.
    Stranger,
    /// A manager of a queue.
    Manager,
}

impl InboundKind {
    /// The value in the database.
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
    /// A message without a lead, cycle or offer.
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
    /// Whether it came by WhatsApp, so that the sender can be sent any text for 24 hours.
    pub by_whatsapp: bool,
    /// The lead that it is about.
    pub lead: Option<LeadId>,
    /// The cycle that it belongs to.
    pub cycle: Option<CycleId>,
    /// The offer that it is about.
    pub attempt: Option<AttemptId>,
}

/// How an inbound message was handled when it was first received.
#[derive(Clone, Debug)]
pub struct PastOutcome {
    /// Its id.
    pub id: MessageId,
    /// What it was taken to mean.
    pub outcome: String,
    /// The lead that it is about.
    pub lead_id: Option<LeadId>,
    /// The offer that it is about.
    pub attempt_id: Option<AttemptId>,
}

/// An outbound message that is queued.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Its id.
    pub id: MessageId,
    /// The recipient.
    pub to: Address,
    /// The text.
    pub body: String,
    /// The offer that it contains, if it is an offer.
    pub attempt: Option<AttemptId>,
    /// When it expires.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A row of `wa_message`, to be shown.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// `in` or `out`.
    pub direction: String,
    /// The sender's role, or the purpose of a message that we sent.
    pub kind: String,
    /// The sender.
    pub from_wa: String,
    /// The recipient.
    pub to_wa: String,
    /// The text.
    pub body: String,
    /// Inbound: what it was taken to mean.
    pub outcome: Option<String>,
    /// The delivery status.
    pub delivery_status: String,
    /// Why it was not delivered.
    pub delivery_error: Option<String>,
    /// The provider's id of the message.
    pub provider_message_id: Option<String>,
    /// The lead that it is about.
    pub lead_id: Option<LeadId>,
    /// The name of that lead.
    pub lead_name: Option<String>,
    /// The offer that it is about.
    pub attempt_id: Option<AttemptId>,
    /// When the provider accepted it.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it arrived on the recipient's phone, if the provider reports that.
    pub delivered_at: Option<DateTime<Utc>>,
    /// When it was read, if the provider reports that.
    pub read_at: Option<DateTime<Utc>>,
    /// The text after the sender edited it.
    pub edited_body: Option<String>,
    /// When the sender deleted it.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

/// An edit or deletion of a message by its sender.
#[derive(Clone, Debug)]
pub struct Correction {
    /// The id of the edit or deletion.
    pub id: String,
    /// The provider's id of the message.
    pub original_id: String,
    /// The new text; `None` if the message was deleted.
    pub body: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// A message that a member of the company wrote with the phone's own app.
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

/// How many calls of a message have failed.
#[derive(Clone, Copy, Debug, Default)]
pub struct FailedCalls {
    /// All of them.
    pub calls: i32,
    /// Those without a known outcome, after which the recipient may have the message.
    pub unknown: i32,
    /// Whether the message was queued a day ago or before.
    pub is_a_day_old: bool,
}
