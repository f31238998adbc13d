//! The outbound task: sends messages for as long as the client is connected.

use crate::context::DeviceContext;
use crate::provider::Linked;
use shared::App;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long running sends may take when the client must stop.
const RUNNING_SENDS: Duration = Duration::from_secs(10);

/// The task that sends messages, if it runs.
#[derive(Default)]
pub(crate) struct OutboundTask(Option<(watch::Sender<bool>, JoinHandle<()>)>);

impl OutboundTask {
    /// Starts to send messages through this provider. An earlier task accepts no more messages.
    pub(crate) fn start(&mut self, context: &DeviceContext, provider: Linked) {
        self.stop_accepting();
        let app = App {
            provider: Arc::new(provider),
            ..context.app.clone()
        };
        let (stopping, stop) = watch::channel(false);
        let (sender, slots) = (Arc::clone(&context.sender), context.slots);
        let task = tokio::spawn(async move { sender.send_messages(&app, slots, stop).await });
        self.0 = Some((stopping, task));
    }

    /// Accepts no more messages. Running sends end by themselves.
    pub(crate) fn stop_accepting(&mut self) {
        if let Some((stopping, _)) = self.0.take() {
            stopping.send_replace(true);
        }
    }

    /// As [`Self::stop_accepting`], and waits for running sends.
    pub(crate) async fn stop(&mut self) {
        if let Some((stopping, task)) = self.0.take() {
            stopping.send_replace(true);
            // Sends that take longer fail with the client, and are tried again.
            timeout(RUNNING_SENDS, task).await.ok();
        }
    }
}
