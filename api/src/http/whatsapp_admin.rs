//! The WhatsApp connection: the previous server's five endpoints, and a test message.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::{ConfirmedWhatsappAdmins, WhatsappAdmins};
use crate::problem::{self, ProblemResponse};
use fast_qr::QRBuilder;
use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::types::ToJSON;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use shared::linked_device::{self, Command, State, Status};
use shared::phone::Phone;
use shared::providers::Health;
use shared::providers::qr_local;
use shared::{App, Error, distribution, whatsapp};
use std::time::Duration;

/// The timeout of the provider's check.
const HEALTH_WITHIN: Duration = Duration::from_millis(600);

/// The timeout of every answer to an admin.
const WITHIN: Duration = Duration::from_millis(950);
/// A QR code is a key, so that no cache may store it (RFC 9111, 5.2.2.5).
const NOT_KEPT: &str = "no-store";

pub struct WhatsappAdmin;

/// An answer that no cache stores.
#[derive(ApiResponse)]
enum AnswerOk<T: ToJSON + Send> {
    /// The status.
    #[oai(status = 200)]
    Told(Json<T>, #[oai(header = "Cache-Control")] String),
}

type Answer<T> = std::result::Result<AnswerOk<T>, ProblemResponse>;

/// The state of the connection.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum ConnectionState {
    /// Stopped by an admin.
    Stopped,
    /// Connecting.
    Starting,
    /// Waits for a phone to scan `qr`.
    ScanQr,
    /// Waits for `pairingCode` to be typed on the phone.
    Pairing,
    /// WhatsApp requires a passkey of the phone's owner.
    PasskeyRequired,
    /// Connected.
    Connected,
    /// The phone unlinked us. A start links again.
    LoggedOut,
    /// Failed; `retrying` tells whether it tries again by itself.
    Failed,
}

impl From<State> for ConnectionState {
    fn from(state: State) -> Self {
        match state {
            State::Stopped => Self::Stopped,
            State::Starting => Self::Starting,
            State::ScanQr => Self::ScanQr,
            State::Pairing => Self::Pairing,
            State::PasskeyRequired => Self::PasskeyRequired,
            State::Connected => Self::Connected,
            State::LoggedOut => Self::LoggedOut,
            State::Failed => Self::Failed,
        }
    }
}

/// The state that an admin requested last.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum Desired {
    Started,
    Stopped,
}

/// The QR code for the phone.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct QrCode {
    /// The content of the code.
    text: String,
    /// The code as an image.
    svg: String,
    /// When another code replaces it.
    expires_at: Timestamp,
}

/// Whether Meta accepts our token.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum TokenState {
    Good,
    Bad,
    /// Meta did not answer.
    Unknown,
}

/// Meta's present answer about our token.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct TokenHealth {
    health: TokenState,
    reason: Option<String>,
}

/// The connection to WhatsApp.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct WhatsappStatus {
    /// `dummy`, `qr_local` or `cloud_api`.
    provider: String,
    state: ConnectionState,
    /// The reason, for a person.
    reason: Option<String>,
    /// When this state began (`qr_local`).
    since: Option<Timestamp>,
    /// Whether it tries again by itself (`qr_local`); otherwise a person must start it.
    retrying: Option<bool>,
    /// The state that was requested last (`qr_local`).
    desired: Option<Desired>,
    /// How many device processes are alive (`qr_local`). If none is, requests wait.
    devices_alive: Option<i64>,
    /// The process that has the session, or had it last.
    holder: Option<String>,
    /// The QR code, if a phone must scan it.
    qr: Option<QrCode>,
    /// The code to type on the phone, under *Link with phone number*.
    pairing_code: Option<String>,
    /// The linked number, as E.164.
    linked_number: Option<String>,
    last_error: Option<String>,
    last_error_at: Option<Timestamp>,
    /// When the last message or event came from WhatsApp (`qr_local`).
    last_received_at: Option<Timestamp>,
    /// When the last message was sent to WhatsApp (`qr_local`).
    last_sent_at: Option<Timestamp>,
    /// Whether Meta accepts our token (`cloud_api`).
    token: Option<TokenHealth>,
    /// When offers stopped because no agent can be reached.
    frozen_since: Option<Timestamp>,
}

/// A test message.
#[derive(Object)]
struct TestMessage {
    /// The recipient's number: `0812…` or `+62812…`.
    #[oai(validator(max_length = 32))]
    to: String,
    /// The text; by default the catalogue's.
    #[oai(validator(max_length = 1000))]
    body: Option<String>,
}

/// The queued message.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct TestMessageSent {
    /// Its row in `wa_message`, whose `delivery_status` is its result.
    message_id: String,
}

#[OpenApi(prefix_path = "/api/whatsapp-admin")]
impl WhatsappAdmin {
    /// The connection to WhatsApp: state, QR code, linked number
    #[oai(path = "/status", method = "get", operation_id = "whatsappStatus", tag = Tag::Whatsapp)]
    async fn status(&self, app: Data<&App>, _admin: WhatsappAdmins) -> Answer<WhatsappStatus> {
        in_time(async {
            if app.provider.name() == qr_local::NAME {
                let status = linked_device::status(&app).await?;
                return linked(&app, status).await;
            }
            unlinked(&app).await
        })
        .await
    }

    /// Connect the linked device, with a new QR code if it is not linked
    ///
    /// Answers after the device reacted, or after a moment. 409 if the provider has no device.
    #[oai(path = "/start", method = "post", operation_id = "startWhatsapp", tag = Tag::Whatsapp)]
    async fn start(&self, app: Data<&App>, _admin: WhatsappAdmins) -> Answer<WhatsappStatus> {
        command(&app, Command::Start).await
    }

    /// Connect the linked device again
    #[oai(path = "/restart", method = "post", operation_id = "restartWhatsapp", tag = Tag::Whatsapp)]
    async fn restart(&self, app: Data<&App>, _admin: WhatsappAdmins) -> Answer<WhatsappStatus> {
        command(&app, Command::Restart).await
    }

    /// Disconnect the linked device and keep its session
    ///
    /// Offers do not time out until it is started again.
    #[oai(path = "/stop", method = "post", operation_id = "stopWhatsapp", tag = Tag::Whatsapp)]
    async fn stop(&self, app: Data<&App>, _admin: WhatsappAdmins) -> Answer<WhatsappStatus> {
        command(&app, Command::Stop).await
    }

    /// Delete the session and show a new QR code
    #[oai(path = "/reset", method = "post", operation_id = "resetWhatsapp", tag = Tag::Whatsapp)]
    async fn reset(
        &self,
        app: Data<&App>,
        _admin: ConfirmedWhatsappAdmins,
    ) -> Answer<WhatsappStatus> {
        command(&app, Command::Reset).await
    }

    /// Send a test message
    ///
    /// The message is given up after two minutes. 409 `not_connected` while the linked device is not connected.
    #[oai(path = "/test-message", method = "post", operation_id = "sendWhatsappTestMessage", tag = Tag::Whatsapp)]
    async fn test_message(
        &self,
        app: Data<&App>,
        _admin: WhatsappAdmins,
        body: Json<TestMessage>,
    ) -> Answer<TestMessageSent> {
        in_time(async {
            let to = Phone::from_human("to", &body.0.to)?;
            let words = body.0.body.map(|words| words.replace('\0', ""));
            let words = words.filter(|words| !words.trim().is_empty());
            if app.provider.name() == qr_local::NAME {
                let status = linked_device::status(&app).await?.plainly();
                if status.state != State::Connected {
                    return Err(Error::Conflict {
                        code: "not_connected",
                    });
                }
            }
            let message = whatsapp::send_test(&app, &to, words).await?;
            Ok(TestMessageSent {
                message_id: message.to_string(),
            })
        })
        .await
    }
}

async fn command(app: &App, command: Command) -> Answer<WhatsappStatus> {
    in_time(async {
        let status = linked_device::command(app, command).await?;
        linked(app, status).await
    })
    .await
}

/// An admin gets an answer within a second, even if the database is busy. No cache may store it.
async fn in_time<T>(work: impl Future<Output = shared::Result<T>>) -> Answer<T>
where
    T: ToJSON + Send,
{
    match tokio::time::timeout(WITHIN, work).await {
        Ok(done) => Ok(AnswerOk::Told(Json(done?), NOT_KEPT.to_owned())),
        Err(_) => Err(problem::unavailable(
            "the database does not answer in time; what was wished may have been taken down",
        )),
    }
}

async fn linked(app: &App, status: Status) -> shared::Result<WhatsappStatus> {
    let status = status.plainly();
    Ok(WhatsappStatus {
        state: status.state.into(),
        reason: status.reason,
        since: Some(Timestamp(status.since)),
        retrying: Some(status.retrying),
        desired: Some(if status.desired_started {
            Desired::Started
        } else {
            Desired::Stopped
        }),
        devices_alive: Some(status.devices_alive),
        holder: status.holder,
        qr: status
            .qr
            .zip(status.qr_expires_at)
            .and_then(|(text, until)| draw(text, Timestamp(until))),
        pairing_code: status.pairing_code,
        linked_number: status.number.map(|number| number.as_str().to_owned()),
        last_error: status.last_error,
        last_error_at: status.last_error_at.map(Timestamp),
        last_received_at: status.last_received_at.map(Timestamp),
        last_sent_at: status.last_sent_at.map(Timestamp),
        ..nothing_known(app).await?
    })
}

/// The answer for a provider without a device.
async fn unlinked(app: &App) -> shared::Result<WhatsappStatus> {
    let asked = tokio::time::timeout(HEALTH_WITHIN, app.provider.health()).await;
    let known = nothing_known(app).await?;
    let health = match asked {
        Ok(None) => {
            let reason = Some("messages go nowhere".to_owned());
            return Ok(WhatsappStatus { reason, ..known });
        }
        Ok(Some(health)) => health,
        Err(_) => Health::Unknown("no answer in time".to_owned()),
    };
    let (state, token, reason, number) = match health {
        Health::Good(number) => (ConnectionState::Connected, TokenState::Good, None, number),
        Health::Bad(reason) => (ConnectionState::Failed, TokenState::Bad, Some(reason), None),
        // A provider that does not answer this check is not frozen: only failed messages freeze it.
        Health::Unknown(reason) => {
            let state = if known.frozen_since.is_some() {
                ConnectionState::Failed
            } else {
                ConnectionState::Connected
            };
            (state, TokenState::Unknown, Some(reason), None)
        }
    };
    Ok(WhatsappStatus {
        state,
        reason: reason.clone(),
        last_error: reason.clone(),
        linked_number: number.map(|number| number.as_str().to_owned()),
        token: Some(TokenHealth {
            health: token,
            reason,
        }),
        ..known
    })
}

async fn nothing_known(app: &App) -> shared::Result<WhatsappStatus> {
    Ok(WhatsappStatus {
        provider: app.provider.name().to_owned(),
        state: ConnectionState::Connected,
        reason: None,
        since: None,
        retrying: None,
        desired: None,
        devices_alive: None,
        holder: None,
        qr: None,
        pairing_code: None,
        linked_number: None,
        last_error: None,
        last_error_at: None,
        last_received_at: None,
        last_sent_at: None,
        token: None,
        frozen_since: distribution::frozen_since(app).await?.map(Timestamp),
    })
}

fn draw(text: String, expires_at: Timestamp) -> Option<QrCode> {
    let code = QRBuilder::new(text.as_str()).build().ok()?;
    let svg = SvgBuilder::default().margin(4).to_str(&code);
    Some(QrCode {
        text,
        svg,
        expires_at,
    })
}
