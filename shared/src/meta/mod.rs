//! What Meta sends and is asked: webhook deliveries, leads of its forms, conversions.
//!
//! A delivery is stored as it came, in one transaction with the words in it, whose receipt is what
//! deadlines are compared with; a job acts on the rest. Meta answers for neither order nor once: every
//! effect is safe to repeat, in any order.

mod attachments;
mod conversions;
mod delivery;
mod envelope;
mod leads;
pub mod signature;
mod store;

pub use attachments::words as words_of_attachment;
pub use conversions::{Conversions, remember_conversion, send_conversion};
pub use delivery::{Source, give_up_delivery, handle_delivery, take_delivery};
pub use leads::{
    Form, FormChange, change_form, fetch_lead, forms, give_up_lead, plan_reconciliation, reconcile,
};

use crate::providers::graph::Graph;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// How this process stands with Meta.
#[derive(Debug)]
pub struct Meta {
    /// The way there.
    pub graph: Arc<Graph>,
    /// The number whose messages are ours, by Meta's id; `None`: any that the app is subscribed to.
    pub phone_number_id: Option<String>,
    /// Reads leads of the page's forms (`leads_retrieval`); `None`: forms are not asked.
    pub page_token: Option<SecretString>,
    /// How often leads are looked for whose webhook never came; `None`: never.
    pub reconcile_every: Option<Duration>,
    /// Where outcomes are told; `None`: nowhere.
    pub conversions: Option<Conversions>,
}
