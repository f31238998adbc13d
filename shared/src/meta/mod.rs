//! Meta: webhook deliveries, leads of forms, and conversions.
//!
//! A delivery is stored as it came, in one transaction with the messages in it. Deadlines are compared
//! with the time of that receipt. A job handles the rest. Meta guarantees neither the order nor that a
//! delivery comes only once, so every effect can be repeated, in any order.

mod account;
mod connection;
mod conversions;
mod delivery;
mod envelope;
mod form;
mod inbox;
mod leads;
mod person;
pub mod signature;
mod store;
mod unread;

pub use account::{account_events, prune_account_events};
pub use connection::{Conversions, Meta};
pub use conversions::{remember_conversion, send_conversion};
pub use delivery::{Source, give_up_delivery, handle_delivery, prune, prune_forms, take_delivery};
pub use envelope::text_for_attachment;
pub use form::{Form, FormChange};
pub use inbox::{ReportedEvent, UnreadPart, UnusableLead};
pub use leads::{
    change_form, correct_number, discard_lead, fetch_lead, forms, give_up_lead,
    plan_reconciliation, reconcile, retry_lead, unusable_leads, wait_again,
};
pub(crate) use person::{erase_forms, erase_person, person_rows, search};
pub use unread::{close_unread, retry_unread, unread};
