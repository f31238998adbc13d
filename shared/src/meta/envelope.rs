//! Reading a webhook delivery of Meta: `entry[].changes[].value`.
//!
//! The JSON is read as a value and not into structures, so an unknown field or a field of the wrong type
//! costs only the part that it is in. Source: developers.facebook.com/documentation/business-messaging/
//! whatsapp/webhooks.

use super::attachments;
use crate::address::Address;
use crate::distribution::{Channel, InboundMessage};
use crate::id::SendId;
use crate::leads::Click;
use crate::phone::Phone;
use crate::whatsapp::{Correction, Progress, Status, clean};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Everything that a delivery contains, in its own order.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// The messages that people wrote.
    pub(super) messages: Vec<InboundMessage>,
    /// Delivery statuses of our messages.
    pub(super) statuses: Vec<Status>,
    /// People with a new number: the old one and the new one.
    pub(super) numbers: Vec<(Phone, Phone)>,
    /// Messages that their senders edited or deleted.
    pub(super) corrections: Vec<Correction>,
    /// Messages that somebody of the company wrote with the phone's app.
    pub(super) echoes: Vec<Echo>,
    /// The codes of errors that belong to no message.
    pub(super) errors: Vec<i64>,
    /// How many messages have no known sender.
    pub(super) without_sender: usize,
}

/// A message that somebody of the company wrote with the phone's app.
#[derive(Debug)]
pub(super) struct Echo {
    pub(super) to: Address,
    pub(super) body: String,
    pub(super) id: String,
    pub(super) at: Option<DateTime<Utc>>,
}

/// Reads a delivery. With a `phone_number_id`, only the parts about that number.
pub(super) fn read(body: &[u8], phone_number_id: Option<&str>) -> Delivered {
    let mut delivered = Delivered::default();
    let Ok(envelope) = serde_json::from_slice::<Value>(body) else {
        return delivered;
    };
    if envelope["object"] != "whatsapp_business_account" {
        return delivered;
    }
    for change in each(&envelope["entry"]).flat_map(|entry| each(&entry["changes"])) {
        let value = &change["value"];
        let about = value["metadata"]["phone_number_id"].as_str();
        if let (Some(ours), Some(about)) = (phone_number_id, about)
            && ours != about
        {
            tracing::warn!("meta.another_number: a delivery about a number that is not ours");
            continue;
        }
        for message in each(&value["messages"]) {
            take_message(&mut delivered, value, message);
        }
        delivered
            .statuses
            .extend(each(&value["statuses"]).filter_map(status));
        delivered
            .echoes
            .extend(each(&value["message_echoes"]).filter_map(echo));
        let codes = each(&value["errors"]).filter_map(|error| error["code"].as_i64());
        delivered.errors.extend(codes);
    }
    delivered
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn take_message(delivered: &mut Delivered, value: &Value, message: &Value) {
    let kind = message["type"].as_str().unwrap_or("unknown");
    let (Some(id), at) = (text(&message["id"]), time(&message["timestamp"])) else {
        delivered.without_sender += 1;
        return;
    };
    match kind {
        "system" => {
            let system = &message["system"];
            let new = system["wa_id"]
                .as_str()
                .or_else(|| system["new_wa_id"].as_str());
            if let (Some(old), Some(new)) = (phone(&message["from"]), new.and_then(number)) {
                delivered.numbers.push((old, new));
            }
        }
        "edit" | "revoke" => {
            if let (Some(original_id), Some(at)) = (text(&message[kind]["original_message_id"]), at)
            {
                let edited = &message["edit"]["message"];
                let body = (kind == "edit").then(|| body_of(edited));
                delivered.corrections.push(Correction {
                    id,
                    original_id,
                    body,
                    at,
                });
            }
        }
        _ => match inbound_message(value, message, id, at) {
            Some(message) => delivered.messages.push(message),
            None => delivered.without_sender += 1,
        },
    }
}

fn inbound_message(
    value: &Value,
    message: &Value,
    id: String,
    at: Option<DateTime<Utc>>,
) -> Option<InboundMessage> {
    let contact = contact_of(value, message);
    let number =
        phone(&message["from"]).or_else(|| contact.and_then(|contact| phone(&contact["wa_id"])));
    let bsuid = message["from_user_id"]
        .as_str()
        .or_else(|| contact.and_then(|contact| contact["user_id"].as_str()))
        .and_then(Address::from_bsuid);
    let (from, other_address) = match (number, bsuid) {
        (Some(number), bsuid) => (Address::from(&number), bsuid),
        (None, Some(bsuid)) => (bsuid, None),
        (None, None) => return None,
    };
    let reply = ["button_reply", "list_reply"]
        .into_iter()
        .find_map(|kind| text(&message["interactive"][kind]["id"]));
    let referral = &message["referral"];
    let reaction = &message["reaction"];
    let is_reaction = message["type"] == "reaction";
    let quoted = if is_reaction {
        &reaction["message_id"]
    } else {
        &message["context"]["id"]
    };
    Some(InboundMessage {
        other_address,
        name: contact.and_then(|contact| text(&contact["profile"]["name"])),
        source_ads: text(&referral["headline"]).or_else(|| text(&referral["source_id"])),
        message_id: Some(id),
        sent_at: at,
        quoted_message_id: text(quoted),
        button_payload: reply.or_else(|| text(&message["button"]["payload"])),
        reaction: is_reaction.then(|| text(&reaction["emoji"]).unwrap_or_default()),
        click: Click {
            ad_id: text(&referral["source_id"]),
            campaign_id: None,
            ctwa_clid: text(&referral["ctwa_clid"]),
        },
        ..InboundMessage::new(
            Channel::Chat,
            from,
            if is_reaction {
                String::new()
            } else {
                body_of(message)
            },
        )
    })
}

/// The contact who wrote: the one with the message's ids, or the only contact.
fn contact_of<'value>(value: &'value Value, message: &Value) -> Option<&'value Value> {
    let contacts = value["contacts"].as_array()?;
    let same = |contact: &&Value| {
        (contact["wa_id"].is_string() && contact["wa_id"] == message["from"])
            || (contact["user_id"].is_string() && contact["user_id"] == message["from_user_id"])
    };
    contacts.iter().find(same).or(match contacts.as_slice() {
        [only] if message["from"].is_null() && message["from_user_id"].is_null() => Some(only),
        _ => None,
    })
}

fn body_of(message: &Value) -> String {
    let kind = message["type"].as_str().unwrap_or("unknown");
    let body = match kind {
        "text" => text(&message["text"]["body"]),
        "interactive" => ["button_reply", "list_reply"]
            .into_iter()
            .find_map(|reply| text(&message["interactive"][reply]["title"])),
        "button" => text(&message["button"]["text"]),
        _ => None,
    };
    body.unwrap_or_else(|| clean(&attachments::text_for(kind, message)))
}

fn status(status: &Value) -> Option<Status> {
    let progress = match status["status"].as_str()? {
        "sent" => Progress::Sent,
        "delivered" => Progress::Delivered,
        "read" | "played" => Progress::Read,
        "failed" => Progress::Failed,
        _ => return None,
    };
    Some(Status {
        provider_message_id: text(&status["id"])?,
        send: status["biz_opaque_callback_data"]
            .as_str()
            .and_then(|data| data.parse().ok())
            .map(SendId),
        progress,
        at: time(&status["timestamp"])?,
        code: status["errors"][0]["code"].as_i64(),
    })
}

fn echo(message: &Value) -> Option<Echo> {
    Some(Echo {
        to: Address::from(&phone(&message["to"])?),
        body: body_of(message),
        id: text(&message["id"])?,
        at: time(&message["timestamp"]),
    })
}

fn phone(value: &Value) -> Option<Phone> {
    value.as_str().and_then(number)
}

fn number(id: &str) -> Option<Phone> {
    Phone::from_whatsapp_id("wa_id", id).ok()
}

/// A Unix time in seconds, as text or as a number.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    let seconds = value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))?;
    // Up to the year 9999, which PostgreSQL can store.
    DateTime::from_timestamp(seconds, 0).filter(|_| (0..=253_402_300_799).contains(&seconds))
}

fn text(value: &Value) -> Option<String> {
    let text = clean(value.as_str()?);
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_no_envelope_says_nothing() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"object":"page"}"#,
            r#"{"object":"whatsapp_business_account","entry":7}"#,
        ] {
            let delivered = read(body.as_bytes(), None);
            assert_eq!(
                (delivered.messages.len(), delivered.statuses.len()),
                (0, 0),
                "{body}"
            );
        }
    }
}
