//! Phone numbers as E.164.
//!
//! The same digits mean different things: `6581234567` in a WhatsApp id is a number of Singapore, but typed
//! into a form it could be anything. So there are two readers: [`Phone::from_human`] for what people type
//! and [`Phone::from_whatsapp_id`] for what WhatsApp reports.

mod country;
mod number;
mod typed;

pub use number::Phone;
pub use typed::{Unreadable, search_digits};

#[cfg(test)]
mod tests;
