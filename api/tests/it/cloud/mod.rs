//! WhatsApp's Cloud API and Meta's Lead Ads, against a server that plays Graph.

mod bursts;
mod crashes;
mod door;
mod failures;
mod field_cases;
mod fixtures;
mod form_cases;
pub(crate) mod graph;
mod hands;
mod hostile;
mod identity;
mod lead_ads;
mod masked;
mod merges;
pub(crate) mod office;
mod permutations;
mod privacy;
mod sending;
