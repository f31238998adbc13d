//! Every setting, in groups that all binaries use. The doc comment of a setting is its help text, and its
//! environment variable has the name of the previous server. `.env.example` lists every setting (a test
//! compares the two).

mod calendar;
mod cloud;
mod common;
mod company;
mod database;
mod device;
mod distribution;
mod lexicon;
mod parse;
mod problems;
mod telemetry;
mod texts;
mod whatsapp;
mod work_texts;

pub use calendar::Appointments;
pub use cloud::Cloud;
pub use common::{Common, ProcessKind};
pub use company::Company;
pub use database::Database;
pub use device::Device;
pub use distribution::{Distribution, SecondProject};
pub use lexicon::LexiconPhrases;
pub use parse::parse;
pub use problems::Problems;
pub use telemetry::{LogFormat, Telemetry, TraceSampler};
pub use texts::TextOverrides;
pub use whatsapp::{ProviderKind, WhatsApp};
pub use work_texts::WorkTexts;
