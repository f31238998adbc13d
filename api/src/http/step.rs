//! The steps of the funnel, as lists filter by them.

use super::model::wire_enum;
use poem_openapi::Enum;
use shared::pipeline::Step;

wire_enum! {
    /// A step of a lead's way from the enquiry to the sale. A lead can have several.
    FunnelStep("snake_case") from Step {
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
        Hangus
    }
}
