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
    /// All clients who have no lead write about this queue, and wait together for a turn to be handled.
    ///
    /// With a limit on record each is handled alone, and in the real system at one moment: in any order. So they write one after the
    /// other.
    pub(super) async fn new_clients_write(&mut self, queue: usize) {
        let (app, now) = (self.harness.app.clone(), self.now());
        let new: Vec<usize> = (0..LEADS)
            .filter(|lead| self.model.leads[*lead].is_none() && self.model.former[*lead].is_none())
            .collect();
        let turns: Vec<_> = if self.model.limits_somebody() {
            Vec::new()
        } else {
            iter::from_fn(|| app.inbox.0.try_alone()).collect()
        };
        let mut handling = Vec::new();
        for lead in &new {
            let (before, app, word) =
                (app.inbox.0.waiting(), app.clone(), Self::word(*lead, queue));
            let one =
                tokio::spawn(async move { distribution::receive_and_handle(&app, &word).await });
            let waits_or_ended = async {
                while !one.is_finished() && self.harness.app.inbox.0.waiting() == before {
                    sleep(Duration::from_micros(200)).await;
                }
            };
            timeout(RECEIVED_WITHIN, waits_or_ended)
                .await
                .expect("it waits or is handled");
            handling.push(one);
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
