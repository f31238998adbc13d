//! The connections of clients: how many there are, and how long each can wait.
//!
//! A connection that sends no whole request, or nothing at all, is closed, so that it does not hold a descriptor for ever.
//! Connections of the live feed have limits of their own (`feed`), and are not counted here.

mod acceptor;
mod count;
mod stream;

pub use acceptor::Guarded;
pub use count::{Connection, Connections, Limits};

#[cfg(test)]
mod tests;
