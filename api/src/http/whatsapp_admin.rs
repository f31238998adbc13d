//! How we are connected to WhatsApp: the seed's five endpoints, and a message to try it with.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::WhatsappAdmins;
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

/// A provider that takes longer to say how it is has not said.
const HEALTH_WITHIN: Duration = Duration::from_millis(600);

/// How long an admin waits for any answer.
const WITHIN: Duration = Duration::from_millis(950);
/// A QR code is a key: nothing between us and the admin keeps it (RFC 9111, 5.2.2.5).
const NOT_KEPT: &str = "no-store";

pub struct WhatsappAdmin;

/// An answer that nobody on the way keeps.
#[derive(ApiResponse)]
enum AnswerOk<T: ToJSON + Send> {
    /// How it is.
    #[oai(status = 200)]
    Told(Json<T>, #[oai(header = "Cache-Control")] String),
}

type Answer<T> = std::result::Result<AnswerOk<T>, ProblemResponse>;

/// How the connection is.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum ConnectionState {
    /// By an admin's wish.
    Stopped,
    /// On its way to WhatsApp.
    Starting,
    /// A phone is to scan `qr`.
    ScanQr,
    /// `pairingCode` is to be typed on the phone.
    Pairing,
    /// WhatsApp wants a passkey of the phone's owner.
    PasskeyRequired,
    /// Messages come and go.
    Connected,
    /// The phone unlinked us. A start links anew.
    LoggedOut,
    /// It does not work; `retrying` says whether it goes on by itself.
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

/// What an admin wished last.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum Desired {
    Started,
    Stopped,
}

/// What a phone is to scan.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct QrCode {
    /// What the code says.
    text: String,
    /// The code, drawn.
    svg: String,
    /// Another takes its place then.
    expires_at: Timestamp,
}

/// Whether Meta takes our token.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum TokenState {
    Good,
    Bad,
    /// Meta did not say.
    Unknown,
}

/// What Meta says of our token, asked now.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct TokenHealth {
    health: TokenState,
    reason: Option<String>,
}

/// How we are connected to WhatsApp.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct WhatsappStatus {
    /// `dummy`, `qr_local` or `cloud_api`.
    provider: String,
    state: ConnectionState,
    /// Why, for a person.
    reason: Option<String>,
    /// Since when it is in this state (`qr_local`).
    since: Option<Timestamp>,
    /// Whether it goes on by itself (`qr_local`); otherwise somebody must start it.
    retrying: Option<bool>,
    /// What was wished last (`qr_local`).
    desired: Option<Desired>,
    /// How many device processes are alive (`qr_local`). None: wishes wait for one.
    devices_alive: Option<i64>,
    /// Which of them has the session, or had it last.
    holder: Option<String>,
    /// What a phone is to scan, if that is what is waited for.
    qr: Option<QrCode>,
    /// What is to be typed on the phone, under *Link with phone number*.
    pairing_code: Option<String>,
    /// The number that is linked, as E.164.
    linked_number: Option<String>,
    last_error: Option<String>,
    last_error_at: Option<Timestamp>,
    /// When anything last came from WhatsApp (`qr_local`).
    last_received_at: Option<Timestamp>,
    /// When anything last went there (`qr_local`).
    last_sent_at: Option<Timestamp>,
    /// Whether Meta takes our token (`cloud_api`).
    token: Option<TokenHealth>,
    /// Since when offers stand still, nobody being reached.
    frozen_since: Option<Timestamp>,
}

/// Whom to send a message to.
#[derive(Object)]
struct TestMessage {
    /// Their number: `0812…` or `+62812…`.
    #[oai(validator(max_length = 32))]
    to: String,
    /// What to say in place of the usual words.
    #[oai(validator(max_length = 1000))]
    body: Option<String>,
}

/// The message is on its way.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct TestMessageSent {
    /// Its row in `wa_message`, whose `delivery_status` tells what became of it.
    message_id: String,
}

#[OpenApi(prefix_path = "/api/whatsapp-admin")]
impl WhatsappAdmin {
    /// How we are connected to WhatsApp: state, QR code, linked number
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

    /// Connect the linked device; a new QR code, if its link is gone
    ///
    /// Answers once the device has heard of it, or after a moment. 409 for a provider without one.
    #[oai(path = "/start", method = "post", operation_id = "startWhatsapp", tag = Tag::Whatsapp)]
    async fn start(&self, app: Data<&App>, _admin: WhatsappAdmins) -> Answer<WhatsappStatus> {
        command(&app, Command::Start).await
    }

    /// Connect the linked device anew
    #[oai(path = "/restart", method = "post", operation_id = "restartWhatsapp", tag = Tag::Whatsapp)]
    async fn restart(&self, app: Data<&App>, _admin: WhatsappAdmins) -> Answer<WhatsappStatus> {
        command(&app, Command::Restart).await
    }

    /// Disconnect the linked device and keep its link
    ///
    /// Offers stand still until it is started again.
    #[oai(path = "/stop", method = "post", operation_id = "stopWhatsapp", tag = Tag::Whatsapp)]
    async fn stop(&self, app: Data<&App>, _admin: WhatsappAdmins) -> Answer<WhatsappStatus> {
        command(&app, Command::Stop).await
    }

    /// Forget the linked phone and show a new QR code
    #[oai(path = "/reset", method = "post", operation_id = "resetWhatsapp", tag = Tag::Whatsapp)]
    async fn reset(&self, app: Data<&App>, _admin: WhatsappAdmins) -> Answer<WhatsappStatus> {
        command(&app, Command::Reset).await
    }

    /// Send somebody a message, to try the connection
    ///
    /// Given up after two minutes. 409 `not_connected` while the linked device is not.
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

/// An admin has an answer within a second, whatever the database is busy with. The answer is for them alone.
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

/// A provider that has no device: what it says itself.
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
        // Silence to a question is no failure of messages: those tell by themselves.
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
