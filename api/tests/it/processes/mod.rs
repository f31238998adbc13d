//! Processes, not mocks: the real binaries on a real PostgreSQL, killed at the worst moments.

mod alerts;
mod archive;
mod backup;
mod client;
pub(crate) mod company;
mod contract;
mod desk;
mod doctor;
mod kills;
mod lifecycle;
mod operations;
mod outages;
mod own_server;
mod person;
mod point_in_time;
mod roles;
mod traces;
mod wrong_settings;
