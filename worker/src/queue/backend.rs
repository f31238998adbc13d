//! The ledger as an apalis backend.

use super::ledger::{Fetched, Ledger};
use apalis_core::backend::codec::Codec;
use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::persistence::{Persisted, TaskPersistLayer};
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

/// How many events of jobs that have ended may wait to be written down, a quarter of it.
const EVENTS: usize = 64;

/// A queue that apalis can work.
///
/// `Ephemeral` here says only that apalis decodes nothing: a payload that cannot be read is the
/// job's affair, and ends as a dead letter and not with its worker.
pub(super) struct Queue {
    persisted: Persisted<Ledger>,
    heartbeat: Duration,
}

impl Queue {
    pub(super) fn new(ledger: Ledger, heartbeat: Duration) -> Self {
        Self {
            persisted: Persisted::new(ledger),
            heartbeat,
        }
    }
}

impl Backend for Queue {
    type Task = Task<Fetched>;
    type Error = sqlx::Error;

    fn poll_ready(
        &mut self,
        context: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<sqlx::Result<()>> {
        self.persisted.poll_ready(context, worker, self.heartbeat)
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<sqlx::Result<Task<Fetched>>>> {
        self.persisted.poll_next(context, worker)
    }

    fn poll_close(
        &mut self,
        context: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<sqlx::Result<()>> {
        self.persisted.poll_close(context, worker)
    }
}

impl BackendConfig for Queue {
    type Args = Fetched;
    type Id = String;
    type Kind = Ephemeral;
    type Config = Duration;
    type Layer = TaskPersistLayer<NoAnswer, ()>;

    fn config(&self) -> &Duration {
        &self.heartbeat
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Self::Layer {
        // The fetch marks the job as ours already; a second mark would cost a round trip.
        self.persisted
            .layer(NoAnswer, EVENTS)
            .persist_results(true)
            .lock_tasks(false)
    }
}

/// Our jobs answer nothing: what they did is in the domain's tables.
#[derive(Clone, Debug)]
pub(super) struct NoAnswer;

impl Codec<()> for NoAnswer {
    type Error = Infallible;
    type Compact = ();

    fn encode(&self, (): &()) -> Result<(), Infallible> {
        Ok(())
    }

    fn decode(&self, (): &()) -> Result<(), Infallible> {
        Ok(())
    }
}
