//! Processes, not mocks: the real binaries on a real PostgreSQL, killed at the worst moments.

mod company;
mod kills;
mod lifecycle;
mod outages;
