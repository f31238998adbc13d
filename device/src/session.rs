//! One client, from its start to its end. A client that has stopped cannot run again, so each start makes a new
//! one with its own epoch.

use crate::connection::{Connection, WatchedHttp, WatchedTransports};
use crate::event_handler::{ClientEvents, Received, Recovered};
use crate::inbox::Inbox;
use crate::provider::{Answers, Linked};
use crate::receipts;
use crate::recipients::Recipients;
use crate::store::Store;
use shared::error::ProviderFailure;
use shared::linked_device::{DeviceKey, Vault};
use shared::phone::Phone;
use shared::providers::qr_local::NAME;
use shared::{App, Error, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};
use whatsapp_rust::bot::{Bot, BotHandle};
use whatsapp_rust::pair_code::PairCodeOptions;
use whatsapp_rust::transport::TokioWebSocketTransportFactory;
use whatsapp_rust::types::events::Event;
use whatsapp_rust::wacore::store::DevicePropsOverride;
use whatsapp_rust::waproto::whatsapp::device_props::PlatformType;
use whatsapp_rust::{Client, TokioRuntime};

/// The longest time for a client to stop. It writes its data in several parts of some seconds each. Together
/// with the running messages this is shorter than the silence after which this process counts as dead.
const SHUTDOWN: Duration = Duration::from_secs(15);
/// How long a stop waits for the database to take recovered messages.
const STORE_RECOVERED: Duration = Duration::from_secs(5);
/// The longest time for WhatsApp to confirm a logout.
const LOG_OUT: Duration = Duration::from_secs(5);
/// How long the request of a code waits for a connection.
const SOCKET: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(500);
/// As many prekeys as WhatsApp's own client uploads; fewer in tests.
#[cfg(feature = "mock-server")]
const PREKEYS: usize = 20;
#[cfg(not(feature = "mock-server"))]
const PREKEYS: usize = 812;

/// A notice of a session.
pub(crate) enum Notice {
    /// An event of the client.
    Event(Arc<Event>),
    /// A connection attempt failed, or the connection was cut.
    Connection,
    /// A timer.
    Tick,
    /// The client has ended.
    Ended,
}

/// The address of WhatsApp.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoint {
    /// A mock of WhatsApp; `None` for WhatsApp itself.
    pub(crate) mock: Option<String>,
}

/// A client that runs.
pub(crate) struct Session {
    handle: BotHandle,
    connection: Connection,
    inbox: Inbox,
    answers: Answers,
    recipients: Recipients,
    events: tokio::sync::mpsc::UnboundedReceiver<Arc<Event>>,
    guard: Guard,
    tick: Interval,
    has_ended: bool,
    started: Instant,
    key: DeviceKey,
}

impl Session {
    /// Starts a client with the session in the vault.
    ///
    /// `recovered`: the messages that an earlier session could not store.
    pub(crate) async fn start(
        app: &App,
        vault: Vault,
        endpoint: &Endpoint,
        recovered: Recovered,
    ) -> Result<Self> {
        let (connection, key) = (Connection::default(), vault.key().clone());
        let inbox = Inbox::new(app.clone(), Arc::clone(&recovered));
        let answers = Answers::default();
        let (handler, Received { states, statuses }) =
            ClientEvents::new(recovered, answers.clone());
        let mut transports = TokioWebSocketTransportFactory::new();
        if let Some(url) = &endpoint.mock {
            transports = transports.with_url(url);
        }
        let properties = DevicePropsOverride::new()
            .with_os("Property Lounge")
            .with_platform_type(PlatformType::DESKTOP);
        let mut builder = Bot::builder()
            .with_backend(Store::new(vault, connection.clone()))
            .with_transport_factory(WatchedTransports {
                inner: transports,
                connection: connection.clone(),
            })
            .with_http_client(WatchedHttp::new(connection.clone()))
            .with_runtime(TokioRuntime)
            .with_event_handler(handler)
            .with_inbound_durability_hook(inbox.clone())
            .with_device_props(properties)
            .with_wanted_pre_key_count(PREKEYS)
            .skip_history_sync();
        if endpoint.mock.is_some() {
            // A test has no web from which to read the version.
            builder = builder.with_version((2, 3000, 1_042_742_319));
        }
        let bot = builder.build().await.map_err(|error| {
            tracing::error!(%error, "device.not_started");
            Error::provider(
                NAME,
                ProviderFailure::UNAVAILABLE,
                "the client could not be started: its log tells why",
            )
        })?;
        let noting = tokio::spawn(receipts::note(app.clone(), statuses));
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            handle: bot.spawn(),
            guard: Guard {
                connection: connection.clone(),
                noting,
            },
            connection,
            inbox,
            answers,
            recipients: Recipients::default(),
            events: states,
            tick,
            has_ended: false,
            started: Instant::now(),
            key,
        })
    }

    /// Waits for the next notice.
    pub(crate) async fn next(&mut self) -> Notice {
        tokio::select! {
            // The client's events come before its end.
            biased;
            Some(event) = self.events.recv() => Notice::Event(event),
            () = self.connection.changed() => Notice::Connection,
            () = &mut self.handle, if !self.has_ended => {
                self.has_ended = true;
                Notice::Ended
            }
            _ = self.tick.tick() => Notice::Tick,
        }
    }

    /// The connection.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// How long it has run.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn is_logged_in(&self) -> bool {
        self.handle.client().is_logged_in()
    }

    /// How often it has reconnected.
    pub(crate) fn reconnects(&self) -> u64 {
        self.handle.client().stats().reconnects
    }

    /// The linked number.
    pub(crate) fn number(&self) -> Option<Phone> {
        let jid = self.handle.client().pn()?;
        crate::message_mapping::phone_of(&jid)
    }

    /// The provider of this session.
    pub(crate) fn provider(&self) -> Linked {
        Linked {
            client: self.handle.client(),
            connection: self.connection.clone(),
            answers: self.answers.clone(),
            recipients: self.recipients.clone(),
            known: tokio::sync::Mutex::default(),
            key: self.key.clone(),
        }
    }

    /// Requests a pairing code for this phone when there is a connection. An event contains the code.
    pub(crate) fn ask_for_code(&self, phone: &Phone) {
        let client = self.handle.client();
        let options = PairCodeOptions {
            phone_number: phone.as_str().trim_start_matches('+').to_owned(),
            ..PairCodeOptions::default()
        };
        tokio::spawn(async move { ask_for_code(&client, options).await });
    }

    /// Stores the new link.
    pub(crate) async fn keep(&self) -> bool {
        let kept = self.handle.client().persistence_manager();
        match kept.flush().await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "device.link_not_kept");
                false
            }
        }
    }

    /// Stores messages that did not come through the client's hook.
    pub(crate) async fn take_recovered(&self) {
        self.inbox.take_recovered(&self.handle.client()).await;
    }

    /// Unlinks this device from WhatsApp, if there is a connection.
    pub(crate) async fn log_out(&self) {
        if self.is_logged_in() {
            timeout(LOG_OUT, self.handle.client().logout()).await.ok();
        }
    }

    /// Stops the client and lets it finish what it has begun. If this future is dropped before its end, the
    /// connection is cut.
    pub(crate) async fn stop(self) {
        let Self {
            handle,
            guard,
            inbox,
            ..
        } = self;
        // WhatsApp does not deliver them again.
        let client = handle.client();
        let stored = timeout(STORE_RECOVERED, inbox.store_recovered(&client)).await;
        if stored.is_err() {
            tracing::error!(
                "device.recovered_waits: the database does not take recovered messages"
            );
        }
        if timeout(SHUTDOWN, handle.shutdown()).await.is_err() {
            tracing::warn!("device.slow_stop: the client was cut off");
        }
        drop(guard);
    }
}

/// Cuts the connection when the session ends, in any way.
struct Guard {
    connection: Connection,
    noting: JoinHandle<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.connection.cut("the client was stopped");
        self.noting.abort();
    }
}

async fn ask_for_code(client: &Arc<Client>, options: PairCodeOptions) {
    if client.wait_for_socket(SOCKET).await.is_err() {
        tracing::warn!("device.no_pairing_code: there is no connection to ask over");
        return;
    }
    client.cancel_pair_code().await;
    // An event reports the result.
    if let Err(error) = client.pair_with_code(options).await {
        tracing::warn!(%error, "device.no_pairing_code");
    }
}
