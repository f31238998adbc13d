//! The worker as it runs, with a provider that does as it is told.

mod freeze;
