//! The worker as it runs, with a scripted provider.

mod freeze;
mod retention;
mod storm;
