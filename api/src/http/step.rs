//! The steps of the funnel, as lists filter by them.

use poem_openapi::Enum;
use shared::pipeline::Step;

/// A step of a lead's way from the enquiry to the sale. A lead can have several.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum FunnelStep {
    /// It is an enquiry: not marked as a test or as junk.
    Lead,
    /// An agent was offered it.
    Offered,
    /// An agent claimed it with an OK.
    Claimed,
    /// An agent got it by hand, and none claimed it.
    Assigned,
    /// The client was contacted.
    Contacted,
    /// A visit is booked or took place.
    Visit,
    /// Sold.
    Won,
    /// Lost.
    Lost,
    /// Hangus, also if an agent got it afterwards.
    Hangus,
}

impl From<FunnelStep> for Step {
    fn from(step: FunnelStep) -> Self {
        match step {
            FunnelStep::Lead => Self::Lead,
            FunnelStep::Offered => Self::Offered,
            FunnelStep::Claimed => Self::Claimed,
            FunnelStep::Assigned => Self::Assigned,
            FunnelStep::Contacted => Self::Contacted,
            FunnelStep::Visit => Self::Visit,
            FunnelStep::Won => Self::Won,
            FunnelStep::Lost => Self::Lost,
            FunnelStep::Hangus => Self::Hangus,
        }
    }
}
