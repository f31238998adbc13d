//! Delivery statuses of messages that the provider accepted.
//!
//! Statuses come late, twice and in any order (Meta guarantees neither), and `delivered` can be missing when
//! `read` comes. So the earliest time of each status is stored, and the furthest one is the message's
//! status. The order in which they come does not matter.

use super::traces;
use crate::address::Address;
use crate::id::{AttemptId, MessageId, SendId};
use crate::leads::ERASED;
use crate::phone::Phone;
use crate::{App, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A delivery status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The provider sent it.
    Sent,
    /// It arrived on the recipient's phone. Can follow `failed`, because a recipient can have several phones.
    Delivered,
    /// It was read or played.
    Read,
    /// It will not arrive.
    Failed,
}

impl Progress {
    /// The name in traces: Meta's word.
    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

/// A status that a provider reported.
#[derive(Clone, Debug)]
pub struct Status {
    /// The provider's id of the message.
    pub provider_message_id: String,
    /// Our id of the send, which the provider repeats.
    pub send: Option<SendId>,
    /// The status.
    pub progress: Progress,
    /// When it was reached, by the provider's clock.
    pub at: DateTime<Utc>,
    /// The provider's code of a failure.
    pub code: Option<i64>,
    /// The recipient, if the provider names them by number and by its own id.
    pub recipient: Option<Recipient>,
}

/// A person by number and by the provider's own id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The number.
    pub phone: Phone,
    /// The provider's id.
    pub id: Address,
}

/// A message with a new status.
#[derive(Clone, Debug)]
pub struct Reported {
    /// The message.
    pub id: MessageId,
    /// The offer that it contains.
    pub attempt: Option<AttemptId>,
    /// The recipient.
    pub to: Address,
    /// The form in which it was sent.
    pub form: String,
    /// How often it was sent again after a failure.
    pub requeued: i32,
    /// Its status after this report.
    pub state: String,
    /// The earlier send without a known outcome.
    pub resend_of: Option<SendId>,
    /// When the provider accepted it.
    pub accepted_at: Option<DateTime<Utc>>,
}

/// Stores a status and returns its messages. Returns none if they are not ours or were sent again since.
pub async fn report(
    app: &App,
    connection: &mut PgConnection,
    status: &Status,
    now: DateTime<Utc>,
) -> Result<Vec<Reported>> {
    let provider = app.provider.name();
    let earliest = |progress| (status.progress == progress).then_some(status.at);
    let rows = sqlx::query_as!(
        Reported,
        r#"with told as (
               select m.id, coalesce(s.form, 'text') as form, s.resend_of,
                      least(m.status_sent_at, $4::timestamptz) as sent, least(m.delivered_at, $5::timestamptz) as delivered,
                      least(m.read_at, $6::timestamptz) as read, least(m.failed_at, $7::timestamptz) as failed
               from wa_message m left join wa_send s on s.id = m.send_id
               where m.direction = 'out'
                 and (m.send_id = $2 or (m.provider = $1 and m.provider_message_id = $3))
               for update of m)
           update wa_message m
           set status_sent_at = told.sent, delivered_at = told.delivered, read_at = told.read, failed_at = told.failed,
               provider_message_id = coalesce(m.provider_message_id, $3),
               accepted_at = case when $7::timestamptz is null then coalesce(m.accepted_at, $9) else m.accepted_at end,
               error_code = coalesce($8, m.error_code),
               delivery_status = case when told.read is not null then 'read'
                                      when told.delivered is not null then 'delivered'
                                      when told.failed is not null then 'failed'
                                      when told.sent is not null then 'sent'
                                      else m.delivery_status end
           from told where told.id = m.id
           returning m.id as "id: MessageId", case when m.kind = 'offer' then m.attempt_id end as "attempt: AttemptId",
                     m.to_wa as "to: Address", told.form as "form!", m.requeued, m.delivery_status as state,
                     told.resend_of as "resend_of: SendId", m.accepted_at"#,
        provider,
        status.send.map(|send| send.0),
        status.provider_message_id,
        earliest(Progress::Sent),
        earliest(Progress::Delivered),
        earliest(Progress::Read),
        earliest(Progress::Failed),
        status.code.and_then(|code| i32::try_from(code).ok()),
        now
    )
    .fetch_all(&mut *connection)
    .await?;
    // A failure also proves that the send was accepted. Settled after the messages: an answer locks them first.
    settle(connection, status, now).await?;
    let messages = rows.iter().map(|message| message.id);
    traces::tell(connection, status.progress.as_str(), messages).await?;
    Ok(rows)
}

/// Settles a send with an unknown outcome as accepted.
async fn settle(connection: &mut PgConnection, status: &Status, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update wa_send set outcome = 'accepted', settled_at = coalesce(settled_at, $3), provider_message_id = $2
         where id = $1 and (settled_at is null or outcome = 'lost')",
        status.send.map(|send| send.0),
        status.provider_message_id,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Queues a failed message again. Returns `false` if it was sent again or arrived in the meantime.
pub async fn requeue(
    connection: &mut PgConnection,
    message: MessageId,
    window_is_closed: bool,
) -> Result<bool> {
    let requeued = sqlx::query!(
        "with failed as (
             update wa_message set delivery_status = 'queued', send_id = null, provider_message_id = null,
                    accepted_at = null, failed_at = null, status_sent_at = null, requeued = requeued + 1
             where id = $1 and coalesce(delivery_status = 'failed', false) and body <> $3
             returning provider, to_wa),
         closed as (
             update wa_contact c set last_heard_at = null from failed f
             where $2 and c.provider = f.provider and c.address = f.to_wa)
         select to_wa from failed",
        message.0,
        window_is_closed,
        ERASED
    )
    .fetch_optional(connection)
    .await?;
    Ok(requeued.is_some())
}
