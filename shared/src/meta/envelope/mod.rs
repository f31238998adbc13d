//! Reading a webhook delivery of Meta: `entry[].changes[].value`.
//!
//! Each entry, change, message and status is read on its own. A part that cannot be read is noted with its
//! place and its reason, and costs nothing else. Source: developers.facebook.com/documentation/
//! business-messaging/whatsapp/webhooks.

mod account;
mod attachments;
mod message;
mod parts;
mod value;

pub(super) use account::{AccountEvent, Severity};
pub use attachments::text_for as text_for_attachment;
pub(super) use parts::{Ours, Reason, Unread};
pub(super) use value::{each, integer, text, time};

use crate::address::Address;
use crate::distribution::InboundMessage;
use crate::id::SendId;
use crate::lossy_json;
use crate::phone::Phone;
use crate::whatsapp::{Correction, Echo, Progress, Status};
use serde_json::Value;

/// Everything that a delivery contains, in its own order.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// The messages that people wrote, each with its place in the delivery.
    pub(super) messages: Vec<(String, InboundMessage)>,
    /// Delivery statuses of our messages.
    pub(super) statuses: Vec<Status>,
    /// People with a new number: the old one and the new one.
    pub(super) numbers: Vec<(Phone, Phone)>,
    /// Messages that their senders edited or deleted, each with its sender.
    pub(super) corrections: Vec<(Option<Address>, Correction)>,
    /// Messages that somebody of the company wrote with the phone's app.
    pub(super) echoes: Vec<Echo>,
    /// The codes of errors that belong to no message.
    pub(super) errors: Vec<i64>,
    /// Events of the account.
    pub(super) events: Vec<AccountEvent>,
    /// What could not be read.
    pub(super) unread: Vec<Unread>,
}

/// The parts of a change's value: the documented lists.
const LISTS: [&str; 4] = ["messages", "statuses", "message_echoes", "errors"];

/// Fields whose messages are copies of what happened elsewhere: a chat's past (`history`), a chat that another
/// app handles (`standby`), the phone's address book. Nothing follows from them.
const COPIES: [&str; 3] = ["history", "standby", "smb_app_state_sync"];

/// Reads a delivery.
pub(super) fn read(body: &[u8], ours: Ours<'_>) -> Delivered {
    let mut delivered = Delivered::default();
    let Ok(envelope) = lossy_json::parse(body) else {
        delivered.note("", Reason::NotJson);
        return delivered;
    };
    let entries = &envelope["entry"];
    if envelope["object"] != "whatsapp_business_account" || each(entries).next().is_none() {
        delivered.note("", Reason::NotADelivery);
        return delivered;
    }
    for (at, entry) in each(entries).enumerate() {
        let place = format!("entry/{at}");
        if each(&entry["changes"]).next().is_none() {
            delivered.note(&place, Reason::NothingInIt);
        }
        for (at, change) in each(&entry["changes"]).enumerate() {
            delivered.change(&format!("{place}/changes/{at}"), change, ours);
        }
    }
    delivered
}

impl Delivered {
    fn note(&mut self, place: &str, reason: Reason) {
        let place = place.to_owned();
        self.unread.push(Unread { place, reason });
    }

    fn change(&mut self, place: &str, change: &Value, ours: Ours<'_>) {
        let field = change["field"].as_str().unwrap_or("messages");
        let value = &change["value"];
        if COPIES.contains(&field) {
            tracing::info!(field, "meta.copy: nothing follows from this change");
            return;
        }
        let is_empty = LISTS.iter().all(|list| each(&value[list]).next().is_none());
        if is_empty {
            match account::read(place, field, value) {
                Some(event) => self.events.push(event),
                None => self.note(place, Reason::NothingInIt),
            }
            return;
        }
        let about = text(&value["metadata"]["phone_number_id"]);
        if let (Some(ours), Some(about)) = (ours.phone_number_id, about)
            && ours != about
        {
            self.note(place, Reason::AnotherNumber);
            return;
        }
        for (at, message) in each(&value["messages"]).enumerate() {
            self.message(&format!("{place}/messages/{at}"), value, message, ours);
        }
        for (at, report) in each(&value["statuses"]).enumerate() {
            match status(report) {
                Ok(status) => self.statuses.extend(status),
                Err(reason) => self.note(&format!("{place}/statuses/{at}"), reason),
            }
        }
        for (at, echo) in each(&value["message_echoes"]).enumerate() {
            match message::echo(echo) {
                Some(echo) => self.echoes.push(echo),
                None => self.note(&format!("{place}/message_echoes/{at}"), Reason::Malformed),
            }
        }
        let codes = each(&value["errors"]).filter_map(|error| integer(&error["code"]));
        self.errors.extend(codes);
    }

    fn message(&mut self, place: &str, value: &Value, message: &Value, ours: Ours<'_>) {
        use message::Read;
        match message::read(value, message, ours) {
            Read::Message(read) => self.messages.push((place.to_owned(), *read)),
            Read::Number(old, new) => self.numbers.push((old, new)),
            Read::Correction(from, correction) => self.corrections.push((from, correction)),
            Read::Ignored(why) => {
                tracing::info!(why, "meta.ignored: nothing follows from a message");
            }
            Read::Unread(reason) => self.note(place, reason),
        }
    }
}

/// Reads a status. `None`: a status that says nothing about delivery, for example one of a later version.
fn status(status: &Value) -> Result<Option<Status>, Reason> {
    let progress = match status["status"].as_str() {
        Some("sent") => Progress::Sent,
        Some("delivered") => Progress::Delivered,
        Some("read" | "played") => Progress::Read,
        Some("failed") => Progress::Failed,
        Some(_) => return Ok(None),
        None => return Err(Reason::Malformed),
    };
    let send = status["biz_opaque_callback_data"].as_str();
    Ok(Some(Status {
        provider_message_id: text(&status["id"]).ok_or(Reason::NoId)?,
        send: send.and_then(|data| data.parse().ok()).map(SendId),
        progress,
        at: time(&status["timestamp"]).ok_or(Reason::Malformed)?,
        code: integer(&status["errors"][0]["code"]),
        recipient: message::recipient(status),
    }))
}

#[cfg(test)]
mod tests;
