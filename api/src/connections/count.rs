//! Counts connections, and knows which of them have a request that is handled.

use crate::auth::network;
use poem::{Endpoint, IntoResponse, Request, Response};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many connections there can be, and how long one can wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most connections in all.
    pub most: usize,
    /// The most connections of one client: an IPv4 address or 64 bits of IPv6. `None`: behind a proxy, which is one client
    /// for everybody. Programs on this machine are never limited: a proxy can be one of them.
    pub most_of_one: Option<usize>,
    /// How long a request's head can take, from its first byte; and a new connection's first head, from its begin.
    pub head: Duration,
    /// How long nothing can be sent or received while no request is handled.
    pub idle: Duration,
}

impl Limits {
    /// Ten seconds for a head and sixty for silence, as nginx and Node have them or are advised to.
    pub fn new(most: usize, most_of_one: Option<usize>) -> Self {
        Self {
            most,
            most_of_one,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
        }
    }
}

/// All connections of this process. Cheap to clone.
#[derive(Clone)]
pub struct Connections(Arc<All>);

struct All {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Default)]
pub(super) struct Open {
    pub(super) known: HashMap<SocketAddr, Arc<State>>,
    pub(super) counted: usize,
    pub(super) by_client: HashMap<String, usize>,
}

/// What a connection does.
#[derive(Default)]
pub(super) struct State {
    /// How many requests are handled.
    pub(super) handled: AtomicUsize,
    /// How many requests began.
    pub(super) begun: AtomicU64,
    /// 1 after it became a feed.
    feed: AtomicUsize,
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refused {
    All,
    OfOne,
}

impl Connections {
    /// None yet.
    pub fn new(limits: Limits) -> Self {
        let open = Mutex::default();
        Self(Arc::new(All { limits, open }))
    }

    pub(super) fn limits(&self) -> Limits {
        self.0.limits
    }

    pub(super) fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a new connection, or refuses it.
    pub(super) fn admit(&self, peer: SocketAddr) -> Result<Arc<State>, Refused> {
        let mut open = self.open();
        if open.counted >= self.0.limits.most {
            return Err(Refused::All);
        }
        let client = network(peer.ip());
        let most = self.0.limits.most_of_one;
        let most = most.filter(|_| !peer.ip().to_canonical().is_loopback());
        let own = open.by_client.entry(client).or_default();
        if most.is_some_and(|most| *own >= most) {
            return Err(Refused::OfOne);
        }
        *own += 1;
        open.counted += 1;
        let state = Arc::<State>::default();
        open.known.insert(peer, state.clone());
        Ok(state)
    }

    /// A connection ended.
    pub(super) fn forget(&self, peer: SocketAddr, state: &State) {
        let mut open = self.open();
        open.known.remove(&peer);
        if state.feed.load(Ordering::Relaxed) == 0 {
            open.uncount(peer);
        }
    }

    /// Tells the connection that its requests are handled. `next` can find its [`Connection`] in the request.
    pub async fn watch<E: Endpoint>(
        self,
        next: Arc<E>,
        mut request: Request,
    ) -> poem::Result<Response> {
        let peer = request.remote_addr().as_socket_addr().copied();
        let state = peer.and_then(|peer| self.open().known.get(&peer).cloned());
        let _handled = state.clone().map(Handled::begin);
        if let Some((peer, state)) = peer.zip(state) {
            let all = self;
            request.set_data(Connection { all, peer, state });
        }
        Ok(next.call(request).await?.into_response())
    }
}

impl Open {
    fn uncount(&mut self, peer: SocketAddr) {
        self.counted -= 1;
        let client = network(peer.ip());
        if let Some(own) = self.by_client.get_mut(&client) {
            *own -= 1;
            if *own == 0 {
                self.by_client.remove(&client);
            }
        }
    }
}

/// The connection of a request.
#[derive(Clone)]
pub struct Connection {
    all: Connections,
    peer: SocketAddr,
    state: Arc<State>,
}

impl Connection {
    /// From now on it is a feed, which is not counted here.
    pub(crate) fn becomes_a_feed(&self) {
        let mut open = self.all.open();
        if open.known.contains_key(&self.peer) && self.state.feed.swap(1, Ordering::Relaxed) == 0 {
            open.uncount(self.peer);
        }
    }
}

/// A request that is handled, until it is dropped.
struct Handled(Arc<State>);

impl Handled {
    fn begin(state: Arc<State>) -> Self {
        state.handled.fetch_add(1, Ordering::Relaxed);
        state.begun.fetch_add(1, Ordering::Relaxed);
        Self(state)
    }
}

impl Drop for Handled {
    fn drop(&mut self) {
        self.0.handled.fetch_sub(1, Ordering::Relaxed);
    }
}
