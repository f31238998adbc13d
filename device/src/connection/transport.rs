//! The watched WebSocket.

use super::state::Connection;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use whatsapp_rust::bytes::Bytes;
use whatsapp_rust::transport::{
    TokioWebSocketTransportFactory, Transport, TransportEvent, TransportFactory,
};
use whatsapp_rust::{anyhow, async_channel};

/// Shorter than the client library's own timeout of 20 s, after which it would drop the call without a reason.
const CONNECT: Duration = Duration::from_secs(15);
/// As many events as in the client library's own channel.
const WAITING: usize = 64;

/// Makes watched connections.
pub(crate) struct WatchedTransports {
    pub(crate) inner: TokioWebSocketTransportFactory,
    pub(crate) connection: Connection,
}

#[async_trait]
impl TransportFactory for WatchedTransports {
    async fn create_transport(
        &self,
    ) -> anyhow::Result<(Arc<dyn Transport>, async_channel::Receiver<TransportEvent>)> {
        anyhow::ensure!(!self.connection.is_cut(), "the connection is cut");
        let connected = match tokio::time::timeout(CONNECT, self.inner.create_transport()).await {
            Ok(connected) => connected,
            Err(_) => Err(anyhow::anyhow!("no answer in time")),
        };
        let (transport, events) = connected.inspect_err(|error| {
            self.connection
                .failed(&format!("WhatsApp cannot be reached: {error:#}"));
        })?;
        let (sender, receiver) = async_channel::bounded(WAITING);
        let connection = self.connection.clone();
        // Ends with either side: this task does not keep the transport alive.
        tokio::spawn(async move {
            while let Ok(event) = events.recv().await {
                if matches!(event, TransportEvent::DataReceived(_)) {
                    connection.received();
                }
                if sender.send(event).await.is_err() {
                    break;
                }
            }
        });
        let watched = Watched {
            inner: transport,
            connection: self.connection.clone(),
        };
        Ok((Arc::new(watched), receiver))
    }
}

struct Watched {
    inner: Arc<dyn Transport>,
    connection: Connection,
}

#[async_trait]
impl Transport for Watched {
    async fn send(&self, data: Bytes) -> anyhow::Result<()> {
        anyhow::ensure!(!self.connection.is_cut(), "the connection is cut");
        self.inner.send(data).await?;
        self.connection.sent();
        Ok(())
    }

    async fn disconnect(&self) {
        self.inner.disconnect().await;
    }
}
