//! What `./dev` and `./test` do. Small and quick to build, because it is compiled before anything else.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a tool for a person at a terminal: it prints, reads its environment and waits"
)]

pub mod alerts;
pub mod circles;
pub mod client;
pub mod contract;
pub mod dev;
pub mod device;
pub mod features;
pub mod libraries;
pub mod npm;
pub mod postgres;
pub mod prepare;
pub mod shell;
pub mod supervisor;
pub mod test;
mod test_server;
pub mod tools;
pub mod web;
pub mod workspace;

/// A result whose error is a sentence for a person.
pub type Result<T, E = String> = std::result::Result<T, E>;
