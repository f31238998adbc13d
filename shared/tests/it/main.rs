//! Operations on a real database each, and the database as the referee.

#![allow(missing_docs, reason = "tests are read by their names")]

mod audit;
mod big;
mod cost;
mod fairness;
mod freeze;
mod given_up;
mod harness;
mod lists;
mod messages;
mod new_clients;
mod numbers;
mod plans;
mod race;
mod referee;
mod retention;
mod schema;
mod sending;
mod thaw_and_release;
mod together;
mod unsent;
mod warm_up;
mod withdrawn;
