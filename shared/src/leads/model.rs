//! A person who asked about a property, and what has become of it.

use crate::address::Address;
use crate::id::{LeadId, UserId};
use crate::phone::Phone;
use crate::sales::Origin;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a lead stands in distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum LeadStatus {
    /// Known, not yet distributed.
    New,
    /// On its way through the queue.
    Distributing,
    /// Locked to the agent who said OK in time.
    Claimed,
    /// The queue ran out and nobody had answered.
    Hangus,
    /// Done with.
    Closed,
}

impl LeadStatus {
    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Distributing => "distributing",
            Self::Claimed => "claimed",
            Self::Hangus => "hangus",
            Self::Closed => "closed",
        }
    }
}

/// What the agent has made of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "kebab-case")]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum LeadProgress {
    /// Nothing yet.
    Pending,
    /// Nobody acted: a lead that went hangus.
    NoAction,
    /// The client has been spoken to.
    Contacted,
    /// To be spoken to again.
    FollowUp,
    /// A visit is planned or made.
    Visit,
    /// Terms are being discussed.
    Negotiation,
    /// Sold.
    Won,
    /// Gone elsewhere.
    Lost,
}

impl LeadProgress {
    /// Every step.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::NoAction,
        Self::Contacted,
        Self::FollowUp,
        Self::Visit,
        Self::Negotiation,
        Self::Won,
        Self::Lost,
    ];

    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::NoAction => "no-action",
            Self::Contacted => "contacted",
            Self::FollowUp => "follow-up",
            Self::Visit => "visit",
            Self::Negotiation => "negotiation",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// A lead as it stands.
#[derive(Clone, Debug)]
pub struct Lead {
    /// Its id.
    pub id: LeadId,
    /// The client's name, if one was given.
    pub name: Option<String>,
    /// The client's number, if known.
    pub phone: Option<Phone>,
    /// Where it stands in distribution.
    pub status: LeadStatus,
    /// What has been made of it.
    pub progress: LeadProgress,
    /// Whose it is.
    pub owner: Option<UserId>,
    /// Since when it is theirs.
    pub locked_at: Option<DateTime<Utc>>,
    /// The ad that brought it, first seen.
    pub source_ads: Option<String>,
    /// The project that was asked about, first seen.
    pub project: Option<String>,
    /// Where the client looks for a home, first seen.
    pub area: Option<String>,
    /// When it was first heard of.
    pub created_at: DateTime<Utc>,
}

impl Lead {
    /// What to call the client in a text.
    pub fn display_name(&self) -> &str {
        name_or_unknown(self.name.as_deref())
    }

    /// The client's number in a text.
    pub fn display_phone(&self) -> &str {
        self.phone.as_ref().map_or("-", Phone::as_str)
    }

    /// The ad in a text.
    pub fn display_source(&self) -> &str {
        self.source_ads.as_deref().unwrap_or("-")
    }
}

/// A client's name in a text, or that there is none.
pub fn name_or_unknown(name: Option<&str>) -> &str {
    name.unwrap_or("(tanpa nama)")
}

/// What an event tells about a person.
#[derive(Clone, Debug)]
pub struct Contact {
    /// Where they are reached.
    pub address: Address,
    /// Another key of theirs, if the event carries one.
    pub other_address: Option<Address>,
    /// Their name, if the event carries one.
    pub name: Option<String>,
    /// The ad that brought them, if the event carries one.
    pub source_ads: Option<String>,
    /// The project that they ask about, if the event carries one.
    pub project: Option<String>,
    /// Where they look for a home, if the event carries it.
    pub area: Option<String>,
}

/// Something that a person asked.
#[derive(Clone, Debug)]
pub struct Enquiry {
    /// How.
    pub kind: EnquiryKind,
    /// Meta's id of the filled-in form.
    pub meta_lead_id: Option<String>,
    /// What brought them: decides which queue they go to.
    pub origin: Origin,
    /// Where they look for a home.
    pub area: Option<String>,
    /// The ad that they came from, by Meta's ids.
    pub click: Click,
}

/// An ad by Meta's ids: kept as text, since they exceed what programs count exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// The ad.
    pub ad_id: Option<String>,
    /// Its campaign.
    pub campaign_id: Option<String>,
    /// The click itself (`ctwa_clid`): names it to Meta.
    pub ctwa_clid: Option<String>,
}

/// How a person asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum EnquiryKind {
    /// Filled in an ad's form.
    Ad,
    /// Wrote to the company's number.
    Chat,
}

impl EnquiryKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ad => "ad",
            Self::Chat => "chat",
        }
    }
}
