//! The registry: every job that a worker runs, one row each. The worker's queues, the wakeups between
//! them, and the function with which tests run all due jobs are built from these rows.
//!
//! To add a job: a payload in `shared/src/jobs/payloads.rs` (exported in `jobs/mod.rs`), a handler in
//! `worker/src/jobs/` (declared in its `mod.rs`), a row here.

use crate::jobs::run::{Perform, Ran, run};
use crate::process::Process;
use crate::queue::{self, QueueConfig};
use futures::future::BoxFuture;
use shared::App;
use shared::jobs::{
    AssignLeads, CheckAckDeadline, EnterLeadList, FetchMetaLead, ForwardLeadToSales, HandOver,
    HandleDelivery, Job, ReconcileMetaLeads, ReleaseHeldLeads, RemindOfAppointment, SendConversion,
    SendMessage, SendSummary, SyncAppointment,
};
use std::sync::Arc;
use std::time::Duration;

/// The queues of the jobs that an offer enqueues.
const OFFER: &[&str] = &[ForwardLeadToSales::QUEUE, CheckAckDeadline::QUEUE];

/// Every job that a worker runs.
pub(crate) const JOBS: &[JobKind] = &[
    // A deadline job is fetched 200 ms early, so that the query does not delay the roll. It is not
    // fetched earlier: if the worker dies, the fetched jobs do not run, and the sweep must roll them.
    // No worker takes many more than it runs at once, so that the others are not idle at the end of a burst.
    job::<CheckAckDeadline>()
        .slots(Slots::PerRollConnection(6))
        .ahead(Duration::from_millis(200))
        .on_roll_connections()
        .wakes(OFFER),
    job::<ForwardLeadToSales>().sends_messages(),
    job::<SendMessage>().sends_messages(),
    job::<ReleaseHeldLeads>()
        .slots(Slots::Fixed(2))
        .wakes(OFFER),
    job::<EnterLeadList>().slots(Slots::Fixed(1)).wakes(&[
        ForwardLeadToSales::QUEUE,
        CheckAckDeadline::QUEUE,
        EnterLeadList::QUEUE,
        SendMessage::QUEUE,
    ]),
    job::<HandOver>().slots(Slots::Fixed(1)).wakes(OFFER),
    job::<AssignLeads>()
        .slots(Slots::Fixed(1))
        .wakes(&[AssignLeads::QUEUE, SendMessage::QUEUE]),
    job::<HandleDelivery>().wakes(&[
        ForwardLeadToSales::QUEUE,
        SendMessage::QUEUE,
        CheckAckDeadline::QUEUE,
    ]),
    job::<FetchMetaLead>().slots(EXTERNAL_CALLS).wakes(OFFER),
    job::<ReconcileMetaLeads>()
        .slots(Slots::Fixed(1))
        .wakes(&[FetchMetaLead::QUEUE]),
    job::<SendConversion>().slots(EXTERNAL_CALLS),
    job::<RemindOfAppointment>().wakes(&[SendMessage::QUEUE]),
    job::<SendSummary>()
        .slots(Slots::Fixed(1))
        .wakes(&[SendMessage::QUEUE]),
    job::<SyncAppointment>().slots(EXTERNAL_CALLS),
];

/// How many messages a process sends at once for each of its other jobs of a kind. While one waits for its provider, which can take
/// half a second, it holds no connection. The more there are, the more of them are written and recorded together. With the default
/// this is enough for what Meta takes in a second from one number (80).
pub(crate) const SENDS: usize = 8;

/// How many calls to the Graph API or the calendar run at once.
const EXTERNAL_CALLS: Slots = Slots::Fixed(2);

/// How many jobs of a queue run at once in one process.
#[derive(Clone, Copy)]
pub(crate) enum Slots {
    /// As many as `WORKER_CONCURRENCY` says.
    Configured,
    /// [`SENDS`] times as many.
    Sends,
    /// This many.
    Fixed(usize),
    /// This many for each connection that rolls have.
    PerRollConnection(usize),
}

/// A row of the registry.
#[derive(Clone, Copy)]
pub(crate) struct JobKind {
    /// The queue of the job.
    pub(crate) queue: &'static str,
    /// How many of its jobs run at once in one process.
    pub(crate) slots: Slots,
    /// How long before it is due a job is fetched, to be run at the instant.
    pub(crate) ahead: Duration,
    /// Whether it uses the connections that only rolls use.
    pub(crate) on_roll_connections: bool,
    /// Whether it sends messages. With `WA_PROVIDER=qr_local` only the `device` process runs it.
    pub(crate) sends_messages: bool,
    /// The queues that are woken after each of its jobs. NOTIFY does not announce the jobs of an offer that
    /// a worker makes. The other queues only start sooner.
    pub(crate) wakes: &'static [&'static str],
    /// Works the queue until the process must stop.
    pub(crate) work: fn(Arc<Process>, QueueConfig) -> BoxFuture<'static, ()>,
    /// Runs one job from its payload: for tests, which drive the queue themselves.
    #[cfg_attr(
        not(feature = "testing"),
        allow(dead_code, reason = "only tests drive the queue themselves")
    )]
    pub(crate) run: fn(App, Vec<u8>, usize) -> BoxFuture<'static, Ran>,
}

const fn job<J: Perform>() -> JobKind {
    JobKind {
        queue: J::QUEUE,
        slots: Slots::Configured,
        ahead: Duration::ZERO,
        on_roll_connections: false,
        sends_messages: false,
        wakes: &[],
        work: |process, config| Box::pin(queue::work::<J>(process, config)),
        run: |app, payload, tried| Box::pin(async move { run::<J>(&app, &payload, tried).await }),
    }
}

impl JobKind {
    const fn slots(mut self, slots: Slots) -> Self {
        self.slots = slots;
        self
    }

    const fn ahead(mut self, ahead: Duration) -> Self {
        self.ahead = ahead;
        self
    }

    const fn on_roll_connections(mut self) -> Self {
        self.on_roll_connections = true;
        self
    }

    const fn sends_messages(mut self) -> Self {
        self.sends_messages = true;
        self.slots = Slots::Sends;
        self
    }

    const fn wakes(mut self, queues: &'static [&'static str]) -> Self {
        self.wakes = queues;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::JOBS;
    use std::collections::HashSet;

    #[test]
    fn every_queue_is_registered_once_and_wakes_only_registered_queues() {
        let queues: HashSet<&str> = JOBS.iter().map(|job| job.queue).collect();
        assert_eq!(queues.len(), JOBS.len());
        let woken = JOBS.iter().flat_map(|job| job.wakes);
        assert_eq!(woken.filter(|queue| !queues.contains(*queue)).count(), 0);
    }
}
