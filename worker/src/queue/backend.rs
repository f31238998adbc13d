//! The job store as an apalis backend.

use super::job_store::{Fetched, JobStore};
use apalis_core::backend::codec::Codec;
use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::persistence::{Persisted, TaskPersistLayer};
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

/// A quarter of this many events of ended jobs may wait to be stored.
const EVENTS: usize = 64;

/// A queue that apalis can work.
///
/// `Ephemeral` means here only that apalis decodes nothing. A payload that cannot be read then ends its
/// job, as a dead letter, and not its worker.
pub(super) struct Queue {
    persisted: Persisted<JobStore>,
    heartbeat: Duration,
}

impl Queue {
    pub(super) fn new(store: JobStore, heartbeat: Duration) -> Self {
        Self {
            persisted: Persisted::new(store),
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
    type Layer = TaskPersistLayer<NoResult, ()>;

    fn config(&self) -> &Duration {
        &self.heartbeat
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Self::Layer {
        // The fetch has already marked the job as ours. A second mark would cost a round trip.
        self.persisted
            .layer(NoResult, EVENTS)
            .persist_results(true)
            .lock_tasks(false)
    }
}

/// Our jobs have no result: what they did is in the domain's tables.
#[derive(Clone, Debug)]
pub(super) struct NoResult;

impl Codec<()> for NoResult {
    type Error = Infallible;
    type Compact = ();

    fn encode(&self, (): &()) -> Result<(), Infallible> {
        Ok(())
    }

    fn decode(&self, (): &()) -> Result<(), Infallible> {
        Ok(())
    }
}
