//! The traces of messages: a status is told in the trace that sent its message. Without traces, nothing is asked or written.

use super::store;
use crate::Result;
use crate::id::MessageId;
use crate::telemetry::{is_sampled, of_status, traceparent};
use sqlx::PgConnection;

/// Stores where these messages are sent from.
pub(super) async fn remember(connection: &mut PgConnection, messages: &[MessageId]) -> Result<()> {
    match traceparent().filter(|_| is_sampled()) {
        Some(traceparent) => store::set_trace(connection, messages, &traceparent).await,
        None => Ok(()),
    }
}

/// Tells this status of these messages in their trace.
pub(super) async fn tell(
    connection: &mut PgConnection,
    status: &'static str,
    messages: impl Iterator<Item = MessageId>,
) -> Result<()> {
    if traceparent().is_none() {
        return Ok(());
    }
    let messages: Vec<MessageId> = messages.collect();
    if let Some(trace) = store::trace_of(connection, &messages).await? {
        of_status(status, &trace);
    }
    Ok(())
}
