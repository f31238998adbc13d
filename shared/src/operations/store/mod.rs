//! SQL of operations.

mod actions;
mod batch;
mod jobs;
mod processes;
mod queues;
mod restore;
mod trouble;

pub(super) use actions::{actions, delete_old_actions, record};
pub(super) use jobs::{
    announce, count, delete_old_failures, discard, failures, jobs, json_of, keep_former_failures,
    run_again,
};
pub(super) use processes::{Beat, beat, delete_silent, forget, processes};
pub(super) use queues::{pause, paused, queues, resume};
pub(super) use restore::{end_under_way, under_way};
pub(super) use trouble::{failed, failed_messages, retry_unheard, unheard, unsettled};
