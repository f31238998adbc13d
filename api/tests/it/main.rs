//! The api from outside: its paths, whole journeys through both doors, and the real processes.

#![allow(missing_docs, reason = "tests are read by their names")]

mod appointments;
mod cloud;
mod deploy;
mod documents;
mod feed;
mod http;
mod local;
mod model;
mod processes;
mod settings;
mod stories;
