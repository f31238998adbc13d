//! Leads: people who asked about a property.

use crate::address::Address;
use crate::id::{LeadId, UserId};
use crate::phone::Phone;
use crate::sales::Origin;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The status of a lead in distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum LeadStatus {
    /// Known, and not distributed yet.
    New,
    /// Being offered to the agents of a queue.
    Distributing,
    /// An agent claimed it or was assigned it.
    Claimed,
    /// No agent took it.
    Hangus,
    /// Closed by its owner or an admin.
    Closed,
}

impl LeadStatus {
    /// The value in the database and in the API.
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

/// Why a lead is no enquiry. It is in no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Mark {
    /// A test of the office.
    Test,
    /// Nobody who could buy: spam, a wrong number, an advertisement.
    Junk,
    /// A form that repeats its predecessors. It waits for a person and is not distributed.
    Suspect,
}

impl Mark {
    /// The value in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Junk => "junk",
            Self::Suspect => "suspect",
        }
    }
}

/// How far an agent is with a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "kebab-case")]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum LeadProgress {
    /// Not started.
    Pending,
    /// No agent took the lead: it is hangus.
    NoAction,
    /// The agent has contacted the client.
    Contacted,
    /// The agent will contact the client again.
    FollowUp,
    /// A visit is planned or took place.
    Visit,
    /// They negotiate.
    Negotiation,
    /// Sold.
    Won,
    /// The client decided against it.
    Lost,
}

impl LeadProgress {
    /// All steps.
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

    /// The value in the database and in the API.
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

/// A lead.
#[derive(Clone, Debug)]
pub struct Lead {
    /// Its id.
    pub id: LeadId,
    /// The client's name, if it is known.
    pub name: Option<String>,
    /// The client's number, if it is known.
    pub phone: Option<Phone>,
    /// Its status in distribution.
    pub status: LeadStatus,
    /// Its progress.
    pub progress: LeadProgress,
    /// Its owner.
    pub owner: Option<UserId>,
    /// When the owner got it.
    pub locked_at: Option<DateTime<Utc>>,
    /// The first ad that the client came from.
    pub source_ads: Option<String>,
    /// The first project that the client asked about.
    pub project: Option<String>,
    /// The first area that the client named.
    pub area: Option<String>,
    /// Why it is no enquiry, if an admin said so.
    pub mark: Option<Mark>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl Lead {
    /// The client's name or number for a text.
    pub fn display_name(&self) -> &str {
        name_or_unknown(self.name.as_deref())
    }

    /// The client's number for a text.
    pub fn display_phone(&self) -> &str {
        self.phone.as_ref().map_or("-", Phone::as_str)
    }

    /// The ad for a text.
    pub fn display_source(&self) -> &str {
        self.source_ads.as_deref().unwrap_or("-")
    }
}

/// A client's name for a text, or the text for an unknown name.
pub fn name_or_unknown(name: Option<&str>) -> &str {
    name.unwrap_or("(tanpa nama)")
}

/// A lead that was created, and the database's clock right after that.
pub struct NewLead {
    /// The lead.
    pub lead: Lead,
    /// The clock.
    pub clock: DateTime<Utc>,
}

/// What an event contains about a person.
#[derive(Clone, Debug)]
pub struct Contact {
    /// The address.
    pub address: Address,
    /// Another address, if the event contains one.
    pub other_address: Option<Address>,
    /// The name, if the event contains one.
    pub name: Option<String>,
    /// The ad, if the event contains one.
    pub source_ads: Option<String>,
    /// The project, if the event contains one.
    pub project: Option<String>,
    /// The area, if the event contains one.
    pub area: Option<String>,
}

impl Contact {
    /// A person of whom only the address is known.
    pub fn known_by(address: Address) -> Self {
        Self {
            address,
            other_address: None,
            name: None,
            source_ads: None,
            project: None,
            area: None,
        }
    }
}

/// An enquiry of a person.
#[derive(Clone, Debug)]
pub struct Enquiry {
    /// Its kind.
    pub kind: EnquiryKind,
    /// Meta's id of the submitted form.
    pub meta_lead_id: Option<String>,
    /// The ad, campaign and project, which decide the queue.
    pub origin: Origin,
    /// The area where the client looks for a home.
    pub area: Option<String>,
    /// The ad, by Meta's ids.
    pub click: Click,
}

/// An ad by Meta's ids. They are text, because they exceed the integers that JavaScript can count exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// The ad.
    pub ad_id: Option<String>,
    /// Its campaign.
    pub campaign_id: Option<String>,
    /// The click (`ctwa_clid`), by which Meta recognises it.
    pub ctwa_clid: Option<String>,
}

/// The kind of an enquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum EnquiryKind {
    /// The person submitted a form.
    Ad,
    /// The person wrote to the company's number.
    Chat,
    /// A person of the office entered it.
    Hand,
}

impl EnquiryKind {
    /// The value in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ad => "ad",
            Self::Chat => "chat",
            Self::Hand => "hand",
        }
    }
}
