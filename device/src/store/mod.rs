//! The client's storage: PostgreSQL, sealed and fenced ([`shared::linked_device::Vault`]).
//!
//! The client reads an error of storage as a broken message and tells WhatsApp to drop it. So a passing
//! failure of the database is waited out here; one that lasts, or an epoch that is over, cuts the line
//! first: then nothing can leave, neither a message nor the word that one is broken, and WhatsApp delivers
//! again.

mod app_state;
mod base;
mod device;
mod protocol;
mod secrets;
mod signal;

pub(crate) use base::Store;
pub(crate) use device::is_linked;
