//! One client, from its start to its end. A client that has stopped cannot run again: each start makes a
//! new one, in an epoch of its own.

use crate::event_handler::{ClientEvents, Received, Recovered};
use crate::inbox::Inbox;
use crate::line::{Line, WatchedHttp, WatchedTransports};
use crate::provider::{Answers, Linked};
use crate::receipts;
use crate::recipients::Recipients;
use crate::store::Store;
use shared::error::ProviderFailure;
use shared::linked_device::Vault;
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

/// The client flushes what it has on its way out, in several parts of some seconds each. With the messages
/// at hand shorter than the silence after which this process is taken for dead.
const SHUTDOWN: Duration = Duration::from_secs(15);
/// How long WhatsApp has to take a goodbye.
const LOG_OUT: Duration = Duration::from_secs(5);
/// How long a code waits for a connection to be asked over.
const SOCKET: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(500);
/// As many prekeys as WhatsApp's own client has there; the tests' are fewer.
#[cfg(feature = "mock-server")]
const PREKEYS: usize = 20;
#[cfg(not(feature = "mock-server"))]
const PREKEYS: usize = 812;

/// What a session tells of.
pub(crate) enum News {
    /// Something that the client said.
    Event(Arc<Event>),
    /// A connect failed, or the line was cut.
    Line,
    /// Time has gone by.
    Tick,
    /// The client has come to its end.
    Ended,
}

/// Where WhatsApp is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoint {
    /// A mock of it; `None`: WhatsApp itself.
    pub(crate) mock: Option<String>,
}

/// A client that runs.
pub(crate) struct Session {
    handle: BotHandle,
    line: Line,
    inbox: Inbox,
    answers: Answers,
    recipients: Recipients,
    heard: tokio::sync::mpsc::UnboundedReceiver<Arc<Event>>,
    guard: Guard,
    tick: Interval,
    has_ended: bool,
    started: Instant,
}

impl Session {
    /// Starts a client on the session in the vault.
    pub(crate) async fn start(app: &App, vault: Vault, endpoint: &Endpoint) -> Result<Self> {
        let line = Line::default();
        let recovered = Recovered::default();
        let inbox = Inbox::new(app.clone(), Arc::clone(&recovered));
        let (ears, Received { course, receipts }) = ClientEvents::new(recovered);
        let mut transports = TokioWebSocketTransportFactory::new();
        if let Some(url) = &endpoint.mock {
            transports = transports.with_url(url);
        }
        let properties = DevicePropsOverride::new()
            .with_os("Property Lounge")
            .with_platform_type(PlatformType::DESKTOP);
        let mut builder = Bot::builder()
            .with_backend(Store::new(vault, line.clone()))
            .with_transport_factory(WatchedTransports {
                inner: transports,
                line: line.clone(),
            })
            .with_http_client(WatchedHttp::new(line.clone()))
            .with_runtime(TokioRuntime)
            .with_event_handler(ears)
            .with_inbound_durability_hook(inbox.clone())
            .with_device_props(properties)
            .with_wanted_pre_key_count(PREKEYS)
            .skip_history_sync();
        if endpoint.mock.is_some() {
            // There is no web to ask for the version.
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
        let answers = Answers::default();
        let noting = tokio::spawn(receipts::note(app.clone(), answers.clone(), receipts));
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            handle: bot.spawn(),
            guard: Guard {
                line: line.clone(),
                noting,
            },
            line,
            inbox,
            answers,
            recipients: Recipients::default(),
            heard: course,
            tick,
            has_ended: false,
            started: Instant::now(),
        })
    }

    /// Waits for the next thing to be told.
    pub(crate) async fn next(&mut self) -> News {
        tokio::select! {
            // What the client said is told before its end.
            biased;
            Some(event) = self.heard.recv() => News::Event(event),
            () = self.line.news() => News::Line,
            () = &mut self.handle, if !self.has_ended => {
                self.has_ended = true;
                News::Ended
            }
            _ = self.tick.tick() => News::Tick,
        }
    }

    /// The wire.
    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// How long it has run.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn is_logged_in(&self) -> bool {
        self.handle.client().is_logged_in()
    }

    /// How often it has connected anew, by itself or not.
    pub(crate) fn reconnects(&self) -> u64 {
        self.handle.client().stats().reconnects
    }

    /// The number that is linked.
    pub(crate) fn number(&self) -> Option<Phone> {
        let jid = self.handle.client().pn()?;
        crate::message_mapping::phone_of(&jid)
    }

    /// The way out for messages.
    pub(crate) fn provider(&self) -> Linked {
        Linked {
            client: self.handle.client(),
            line: self.line.clone(),
            answers: self.answers.clone(),
            recipients: self.recipients.clone(),
            known: tokio::sync::Mutex::default(),
        }
    }

    /// Asks for a pairing code for this phone once there is a connection; an event tells it.
    pub(crate) fn ask_for_code(&self, phone: &Phone) {
        let client = self.handle.client();
        let options = PairCodeOptions {
            phone_number: phone.as_str().trim_start_matches('+').to_owned(),
            ..PairCodeOptions::default()
        };
        tokio::spawn(async move { ask_for_code(&client, options).await });
    }

    /// Writes the new link down.
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

    /// Takes down what came past the client's hook.
    pub(crate) async fn take_recovered(&self) {
        self.inbox.take_recovered(&self.handle.client()).await;
    }

    /// Has WhatsApp forget this device, if it is there to be told.
    pub(crate) async fn log_out(&self) {
        if self.is_logged_in() {
            timeout(LOG_OUT, self.handle.client().logout()).await.ok();
        }
    }

    /// Stops the client, letting it finish what it has begun. Should this not be waited for to its end, the
    /// line is cut all the same.
    pub(crate) async fn stop(self) {
        let Self { handle, guard, .. } = self;
        if timeout(SHUTDOWN, handle.shutdown()).await.is_err() {
            tracing::warn!("device.slow_stop: the client was cut off");
        }
        drop(guard);
    }
}

/// Ends with its session, however that ends: nothing of it leaves any more.
struct Guard {
    line: Line,
    noting: JoinHandle<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.line.cut("the client was stopped");
        self.noting.abort();
    }
}

async fn ask_for_code(client: &Arc<Client>, options: PairCodeOptions) {
    if client.wait_for_socket(SOCKET).await.is_err() {
        tracing::warn!("device.no_pairing_code: there is no connection to ask over");
        return;
    }
    client.cancel_pair_code().await;
    // Its event tells what came of it.
    if let Err(error) = client.pair_with_code(options).await {
        tracing::warn!(%error, "device.no_pairing_code");
    }
}
