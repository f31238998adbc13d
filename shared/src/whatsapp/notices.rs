//! Notices that collect: a client who writes ten messages causes one notice a minute, not ten.

use super::model::{Draft, OutboundKind};
use super::queue::insert_outbound;
use super::store;
use crate::Result;
use crate::address::Address;
use crate::id::{LeadId, MessageId};
use crate::jobs::{SendMessage, enqueue};
use crate::unit_of_work::UnitOfWork;
use chrono::TimeDelta;

/// The shortest time between two notices of one kind about one lead to one person.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
/// A notice that is sent within this time is not changed any more: a worker may have read it.
const SETTLED: TimeDelta = TimeDelta::seconds(2);
/// The longest text of a notice's messages, in characters. The newest messages are kept.
const MAX_TEXT: usize = 1000;

/// A notice about what a client wrote.
pub struct Notice {
    /// Why we send it.
    pub kind: OutboundKind,
    /// The recipient.
    pub to: Address,
    /// The lead.
    pub lead: LeadId,
    /// The message that caused it. It must be stored.
    pub because_of: MessageId,
}

/// Queues a notice. The first one about a lead is sent at once. Until a minute after it, the messages of
/// the client are collected in one further notice.
///
/// `body` renders the text from the number of messages and their texts, oldest first.
pub async fn queue_notice(
    work: &mut UnitOfWork<'_>,
    notice: &Notice,
    body: impl Fn(i32, &str) -> String,
) -> Result<()> {
    let (now, kind) = (work.now, notice.kind.as_str());
    let key = (notice.lead, kind, &notice.to);
    let waiting = store::collecting_notice(work.connection, key, now + SETTLED).await?;
    if let Some(waiting) = waiting {
        let written =
            store::client_texts_since(work.connection, notice.lead, waiting.created_at).await?;
        let count = waiting.covers + 1;
        let body = body(count, &joined(&written));
        return store::extend_notice(work.connection, waiting.id, &body, count).await;
    }
    let last = store::last_notice(work.connection, key, now - PAUSE * 2).await?;
    let due = last.map_or(now, |last| (last + PAUSE).max(now));
    let written = store::text_of(work.connection, notice.because_of).await?;
    let draft = Draft::new(notice.kind, notice.to.clone(), body(1, &written))
        .lead(notice.lead)
        .in_reply_to(notice.because_of);
    let Some(message) = insert_outbound(work, &draft).await? else {
        return Ok(());
    };
    store::not_before(work.connection, message, due).await?;
    enqueue(work.connection, &SendMessage { message, nth: 0 }, due).await
}

/// The texts, one a line, cut at the beginning if they are too long.
fn joined(texts: &[String]) -> String {
    let all = texts.join("\n");
    let length = all.chars().count();
    if length <= MAX_TEXT {
        return all;
    }
    let kept: String = all.chars().skip(length - MAX_TEXT).collect();
    format!("… {kept}")
}
