//! How this process is connected to Meta.

use crate::providers::graph::Graph;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// How this process is connected to Meta.
#[derive(Debug)]
pub struct Meta {
    /// The Graph API.
    pub graph: Arc<Graph>,
    /// Meta's id of our number. `None`: messages to any number of the app are ours.
    pub phone_number_id: Option<String>,
    /// The token that reads leads of the page's forms (permission `leads_retrieval`). `None`: leads are not
    /// fetched.
    pub page_token: Option<SecretString>,
    /// How often we look for leads whose webhook never came. `None`: never.
    pub reconcile_every: Option<Duration>,
    /// Where conversions are reported. `None`: nowhere.
    pub conversions: Option<Conversions>,
}

/// Where conversions are reported.
#[derive(Debug)]
pub struct Conversions {
    /// The dataset (pixel) of the page's ads.
    pub dataset_id: String,
    /// A token that may write to the dataset.
    pub token: SecretString,
}
