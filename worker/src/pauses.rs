//! Reads every second which queues are paused, and wakes those whose pause has ended.

use crate::process::Process;
use crate::wakeups::Wakeups;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How often the pauses are read.
const READ_EVERY: Duration = Duration::from_secs(1);
/// A database that does not answer within this time is unreachable.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Runs until the process must stop. While the database is unreachable, the last pauses stay.
pub(crate) async fn watch(process: &Process, wakeups: &Wakeups) {
    let mut stop = process.stop.clone();
    while !*stop.borrow() {
        match timeout(ANSWER_WITHIN, process.paused.read(&process.bookkeeping)).await {
            Ok(Ok(ended)) => ended.iter().for_each(|queue| wakeups.notify(queue)),
            Ok(Err(error)) => tracing::debug!(%error, "worker.pauses_unknown"),
            Err(_) => tracing::debug!("worker.pauses_unknown"),
        }
        tokio::select! {
            () = sleep(READ_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
