//! Clients who write at one moment.

use super::LEADS;
use super::world::World;
use chrono::TimeDelta;
use shared::distribution;
use std::iter;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The longest time for a message to be received.
const RECEIVED_WITHIN: Duration = Duration::from_secs(60);

impl World {
    /// The client writes about this queue.
    pub(super) async fn client_writes(&mut self, lead: usize, queue: usize) {
        let (app, now) = (self.harness.app.clone(), self.now());
        let word = Self::word(lead, queue);
        distribution::receive_and_handle(&app, &word)
            .await
            .expect("heard");
        self.model.enquiry(lead, queue, now);
        // A job that is a moment early waits by the real clock, so the next offer is made more than a moment later.
        app.clock.set(now + TimeDelta::milliseconds(150));
    }

    /// All clients who have no lead write about this queue, and wait together for a turn to be handled.
    ///
    /// Their offers have one deadline, and are rolled in either order. That matters only if an agent has a limit: then they write one
    /// after the other, and afterwards nobody gets a limit.
    pub(super) async fn new_clients_write(&mut self, queue: usize) {
        let is_new =
            |lead: &usize| self.model.leads[*lead].is_none() && self.model.former[*lead].is_none();
        let new: Vec<usize> = (0..LEADS).filter(is_new).collect();
        if new.len() < 2 || self.model.limits_somebody() {
            for lead in new {
                self.client_writes(lead, queue).await;
                // The offer is accepted before the next one is made, or both would have one deadline after all.
                self.work().await;
            }
            return;
        }
        self.offers_have_one_deadline = true;
        let (app, now) = (self.harness.app.clone(), self.now());
        let turns: Vec<_> = iter::from_fn(|| app.inbox.0.try_alone()).collect();
        let mut handling = Vec::new();
        for lead in &new {
            let (handled_by, word) = (app.clone(), Self::word(*lead, queue));
            let before = app.inbox.0.waiting();
            let handle = async move { distribution::receive_and_handle(&handled_by, &word).await };
            handling.push(tokio::spawn(handle));
            let waits = async {
                while app.inbox.0.waiting() == before {
                    sleep(Duration::from_micros(200)).await;
                }
            };
            timeout(RECEIVED_WITHIN, waits).await.expect("it waits");
        }
        drop(turns);
        for one in handling {
            one.await.expect("it ends").expect("heard");
        }
        for lead in new {
            self.model.enquiry(lead, queue, now);
        }
        app.clock.set(now + TimeDelta::milliseconds(150));
    }
}
