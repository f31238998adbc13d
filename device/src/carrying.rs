//! Messages go out for as long as the client is connected.

use crate::provider::Linked;
use crate::supervisor::Terms;
use shared::App;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long the messages at hand may take when the client is to be stopped.
const MESSAGES_AT_HAND: Duration = Duration::from_secs(10);

/// Whether messages are being carried.
#[derive(Default)]
pub(crate) struct Carrying(Option<(watch::Sender<bool>, JoinHandle<()>)>);

impl Carrying {
    /// Carries messages out this way, and no other any more.
    pub(crate) fn start(&mut self, terms: &Terms, provider: Linked) {
        self.let_go();
        let app = App {
            provider: Arc::new(provider),
            ..terms.app.clone()
        };
        let (stopping, stop) = watch::channel(false);
        let (carrier, slots) = (Arc::clone(&terms.carrier), terms.slots);
        let carried = tokio::spawn(async move { carrier.carry(&app, slots, stop).await });
        self.0 = Some((stopping, carried));
    }

    /// Takes no more messages in hand; those that are end by themselves.
    pub(crate) fn let_go(&mut self) {
        if let Some((stopping, _)) = self.0.take() {
            stopping.send_replace(true);
        }
    }

    /// As [`Self::let_go`], and waits for those in hand.
    pub(crate) async fn stop(&mut self) {
        if let Some((stopping, carried)) = self.0.take() {
            stopping.send_replace(true);
            // Those that take longer fail with the client, and are tried again.
            timeout(MESSAGES_AT_HAND, carried).await.ok();
        }
    }
}
