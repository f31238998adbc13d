//! Hears the announcements of jobs (`LISTEN`) and rings for the queue that they are in.

use shared::jobs::{
    CHANNEL, CheckAckDeadline, FetchMetaLead, ForwardLeadToSales, HandleDelivery, Job,
    ReconcileMetaLeads, ReleaseHeldLeads, RemindOfAppointment, SendConversion, SendMessage,
    SyncAppointment,
};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// How long to wait before listening again after the connection was lost.
const RELISTEN_AFTER: Duration = Duration::from_millis(500);

/// One notification a queue, and one for the sweep, which minds the deadlines.
pub(crate) struct Bell {
    queues: [(&'static str, Arc<Notify>); 10],
    sweep: Arc<Notify>,
}

/// Starts to listen.
pub(crate) fn hang(pool: PgPool) -> (Arc<Bell>, JoinHandle<()>) {
    let bell = Arc::new(Bell {
        queues: [
            CheckAckDeadline::QUEUE,
            ForwardLeadToSales::QUEUE,
            SendMessage::QUEUE,
            ReleaseHeldLeads::QUEUE,
            HandleDelivery::QUEUE,
            FetchMetaLead::QUEUE,
            ReconcileMetaLeads::QUEUE,
            SendConversion::QUEUE,
            RemindOfAppointment::QUEUE,
            SyncAppointment::QUEUE,
        ]
        .map(|queue| (queue, Arc::default())),
        sweep: Arc::default(),
    });
    let listening = tokio::spawn(listen(pool, Arc::clone(&bell)));
    (bell, listening)
}

impl Bell {
    /// Rings when a job of this kind is announced.
    pub(crate) fn of<J: Job>(&self) -> Arc<Notify> {
        self.queues
            .iter()
            .find(|(queue, _)| *queue == J::QUEUE)
            .map(|(_, notify)| Arc::clone(notify))
            .expect("every kind of job has its bell")
    }

    /// Rings when a deadline is announced.
    pub(crate) fn sweeps(&self) -> Arc<Notify> {
        Arc::clone(&self.sweep)
    }

    /// The bells for what a roll writes: an offer to send, and its alarm.
    pub(crate) fn of_a_roll(&self) -> Vec<Arc<Notify>> {
        vec![
            self.of::<ForwardLeadToSales>(),
            self.of::<CheckAckDeadline>(),
        ]
    }

    fn ring(&self, name: &str) {
        for (queue, notify) in &self.queues {
            if *queue == name {
                notify.notify_one();
            }
        }
        if name == CheckAckDeadline::QUEUE {
            self.sweep.notify_one();
        }
    }

    /// Rings every bell: there may be something for anybody.
    pub(crate) fn ring_all(&self) {
        for (queue, _) in &self.queues {
            self.ring(queue);
        }
    }
}

async fn listen(pool: PgPool, bell: Arc<Bell>) {
    loop {
        if let Err(error) = listen_once(&pool, &bell).await {
            tracing::warn!(%error, "worker.not_listening");
        }
        tokio::time::sleep(RELISTEN_AFTER).await;
    }
}

async fn listen_once(pool: &PgPool, bell: &Bell) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    // What was announced while nobody listened is found by looking.
    bell.ring_all();
    loop {
        match listener.try_recv().await? {
            Some(announcement) => bell.ring(announcement.payload()),
            // The connection was lost and made again.
            None => bell.ring_all(),
        }
    }
}
