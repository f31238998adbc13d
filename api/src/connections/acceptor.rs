//! Accepts connections that are within the limits, and closes others at once.

use super::count::{Connections, Refused};
use super::stream::Watched;
use poem::http::uri::Scheme;
use poem::listener::Acceptor;
use poem::web::{LocalAddr, RemoteAddr};
use std::io;
use std::time::{Duration, Instant};

/// How long the process waits after it could not accept, for example without a free descriptor.
const AFTER_FAILURE: Duration = Duration::from_millis(100);
/// How often a refusal is logged.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// An acceptor that counts.
pub struct Guarded<A> {
    inner: A,
    connections: Connections,
    refused: u64,
    logged: Option<Instant>,
}

impl<A> Guarded<A> {
    /// `connections` counts what `inner` accepts.
    pub fn new(inner: A, connections: Connections) -> Self {
        Self {
            inner,
            connections,
            refused: 0,
            logged: None,
        }
    }

    fn refuse(&mut self, why: Refused) {
        self.refused += 1;
        let is_due = |logged: Instant| logged.elapsed() >= LOG_EVERY;
        if self.logged.is_none_or(is_due) {
            let setting = match why {
                Refused::All => "API_MAX_CONNECTIONS",
                Refused::OfOne => "API_MAX_CONNECTIONS_PER_CLIENT",
            };
            let refused = std::mem::take(&mut self.refused);
            tracing::warn!(setting, refused, "api.connections_refused");
            self.logged = Some(Instant::now());
        }
    }
}

impl<A: Acceptor> Acceptor for Guarded<A> {
    type Io = Watched<A::Io>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        loop {
            let (io, local, remote, scheme) = match self.inner.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "api.cannot_accept");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    continue;
                }
            };
            let Some(peer) = remote.as_socket_addr().copied() else {
                continue;
            };
            match self.connections.admit(peer) {
                Ok(state) => {
                    let io = Watched::new(io, peer, state, self.connections.clone());
                    return Ok((io, local, remote, scheme));
                }
                Err(why) => self.refuse(why),
            }
        }
    }
}
