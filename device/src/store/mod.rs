//! The client's storage: PostgreSQL, encrypted and fenced ([`shared::linked_device::Vault`]).
//!
//! The client takes an error of its storage for a broken message, and makes WhatsApp drop the message. So a
//! temporary failure of the database is waited out here. After a lasting failure, or if the epoch is over, the
//! connection is cut first. The client can then not report a message as broken, and WhatsApp
//! delivers again.

mod app_state;
mod base;
mod device;
mod protocol;
mod secrets;
mod signal;

pub(crate) use base::Store;
pub(crate) use device::is_linked;
