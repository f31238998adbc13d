//! Which WhatsApp provider is used.

use crate::Error;
use crate::phone::Phone;
use clap::{Args, ValueEnum};

/// Which WhatsApp provider is used, and which number is ours.
#[derive(Args, Clone, Debug)]
pub struct WhatsApp {
    /// The provider of WhatsApp messages.
    #[arg(long, env = "WA_PROVIDER", default_value = "dummy")]
    pub wa_provider: ProviderKind,
    /// The company's own WhatsApp number, the sender of every message.
    #[arg(long, env = "PROPERTY_LOUNGE_WA", default_value = "+620000000000", value_parser = company_phone)]
    pub property_lounge_wa: Phone,
}

/// The providers, with the names of the previous server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Nothing is sent. The dummy endpoints play clients and agents.
    Dummy,
    /// WhatsApp's Cloud API.
    CloudApi,
    /// A phone, linked by QR code: the `device` process.
    QrLocal,
}

fn company_phone(given: &str) -> std::result::Result<Phone, String> {
    // The default of the previous server, +620000000000, is not a valid number.
    Phone::from_e164(given)
        .map_or_else(|| Phone::from_human("PROPERTY_LOUNGE_WA", given), Ok)
        .map_err(|error: Error| error.to_string())
}
