//! A lead from an ad's form.

use crate::leads::Click;
use crate::phone::Phone;

/// A lead from an ad's form.
#[derive(Clone, Debug)]
pub struct Ad {
    /// Meta's id of the filled-in form. A second form with the same id changes nothing.
    pub meta_lead_id: String,
    /// The client's name.
    pub name: Option<String>,
    /// The client's number.
    pub phone: Phone,
    /// The name of the ad.
    pub source_ads: Option<String>,
    /// The project that the ad shows.
    pub project: Option<String>,
    /// The campaign of the ad.
    pub campaign: Option<String>,
    /// The area where the client looks for a home.
    pub area: Option<String>,
    /// The ad and the campaign, by Meta's ids.
    pub click: Click,
}
