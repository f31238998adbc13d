//! Reading one message of a delivery.

use super::attachments;
use super::parts::{Ours, Reason};
use super::value::{bsuid, each, phone, text, time};
use crate::address::Address;
use crate::distribution::{Channel, InboundMessage};
use crate::leads::Click;
use crate::phone::Phone;
use crate::whatsapp::{Correction, Echo, Recipient, clean};
use serde_json::Value;

/// What a message of a delivery is.
pub(super) enum Read {
    /// A person wrote to us.
    Message(Box<InboundMessage>),
    /// A person has a new number: the old one and the new one.
    Number(Phone, Phone),
    /// A sender edited or deleted a message.
    Correction(Option<Address>, Correction),
    /// Nothing follows from it, for this reason.
    Ignored(&'static str),
    /// It cannot be read.
    Unread(Reason),
}

pub(super) fn read(value: &Value, message: &Value, ours: Ours<'_>) -> Read {
    let kind = message["type"].as_str().unwrap_or("unknown");
    if !message["group_id"].is_null() {
        return Read::Ignored("group");
    }
    if is_ours(value, message, ours) {
        return Read::Ignored("own number");
    }
    let Some(id) = text(&message["id"]) else {
        return Read::Unread(Reason::NoId);
    };
    match kind {
        // The person opened the chat and has written nothing yet.
        "request_welcome" => Read::Ignored("request_welcome"),
        "system" => changed_number(message),
        "edit" | "revoke" => correction(value, message, kind, id),
        _ => inbound_message(value, message, id)
            .map_or(Read::Unread(Reason::NoSender), |message| {
                Read::Message(Box::new(message))
            }),
    }
}

/// Whether the sender is the company's number itself.
fn is_ours(value: &Value, message: &Value, ours: Ours<'_>) -> bool {
    let Some(from) = phone(&message["from"]) else {
        return false;
    };
    let shown = text(&value["metadata"]["display_phone_number"]).unwrap_or_default();
    let shown = shown.chars().filter(char::is_ascii_digit);
    from == *ours.phone || shown.eq(from.digits().chars())
}

/// A system message. Only `user_changed_number` (older: `customer_changed_number`) reports a new number;
/// `customer_identity_changed` reports new keys of the same number.
fn changed_number(message: &Value) -> Read {
    let system = &message["system"];
    let kind = system["type"].as_str().unwrap_or("user_changed_number");
    if !kind.ends_with("changed_number") {
        return Read::Ignored("system");
    }
    let old = phone(&message["from"]).or_else(|| phone(&system["customer"]));
    let new = phone(&system["wa_id"]).or_else(|| phone(&system["new_wa_id"]));
    match (old, new) {
        (Some(old), Some(new)) => Read::Number(old, new),
        _ => Read::Unread(Reason::Malformed),
    }
}

fn correction(value: &Value, message: &Value, kind: &str, id: String) -> Read {
    let original_id = text(&message[kind]["original_message_id"]);
    let (Some(original_id), Some(at)) = (original_id, time(&message["timestamp"])) else {
        return Read::Unread(Reason::Malformed);
    };
    let body = (kind == "edit").then(|| body_of(&message["edit"]["message"]));
    let from = sender(contact_of(value, message), message).map(|(from, _)| from);
    Read::Correction(
        from,
        Correction {
            id,
            original_id,
            body,
            at,
        },
    )
}

/// The sender's addresses: the number if it is known, then the BSUID.
fn sender(contact: Option<&Value>, message: &Value) -> Option<(Address, Option<Address>)> {
    let of_contact = |field: &str| contact.map_or(&Value::Null, |contact| &contact[field]);
    let number = phone(&message["from"]).or_else(|| phone(of_contact("wa_id")));
    let id = [
        &message["from_user_id"],
        of_contact("user_id"),
        &message["from"],
        of_contact("wa_id"),
    ]
    .into_iter()
    .find_map(bsuid);
    match (number, id) {
        (Some(number), id) => Some((Address::from(&number), id)),
        (None, Some(id)) => Some((id, None)),
        (None, None) => None,
    }
}

fn inbound_message(value: &Value, message: &Value, id: String) -> Option<InboundMessage> {
    let contact = contact_of(value, message);
    let (from, other_address) = sender(contact, message)?;
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
    let body = if is_reaction {
        String::new()
    } else {
        body_of(message)
    };
    Some(InboundMessage {
        other_address,
        name: contact.and_then(|contact| text(&contact["profile"]["name"])),
        source_ads: text(&referral["headline"]).or_else(|| text(&referral["source_id"])),
        message_id: Some(id),
        sent_at: time(&message["timestamp"]),
        quoted_message_id: text(quoted),
        button_payload: reply.or_else(|| text(&message["button"]["payload"])),
        reaction: is_reaction.then(|| text(&reaction["emoji"]).unwrap_or_default()),
        click: Click {
            ad_id: text(&referral["source_id"]),
            campaign_id: None,
            ctwa_clid: text(&referral["ctwa_clid"]),
        },
        ..InboundMessage::new(Channel::Chat, from, body)
    })
}

/// The contact who wrote: the one with the message's ids. WhatsApp writes some numbers in two ways, so numbers
/// are compared after reading. If there is one contact and one sender, they are the same person.
fn contact_of<'value>(value: &'value Value, message: &Value) -> Option<&'value Value> {
    let contacts = value["contacts"].as_array()?;
    let from = phone(&message["from"]);
    let same = |contact: &&Value| {
        (contact["wa_id"].is_string() && contact["wa_id"] == message["from"])
            || (contact["user_id"].is_string() && contact["user_id"] == message["from_user_id"])
            || (from.is_some() && phone(&contact["wa_id"]) == from)
    };
    contacts.iter().find(same).or(match contacts.as_slice() {
        [only] if one_sender(value) => Some(only),
        _ => None,
    })
}

fn one_sender(value: &Value) -> bool {
    let mut senders =
        each(&value["messages"]).map(|message| (&message["from"], &message["from_user_id"]));
    let first = senders.next();
    senders.all(|sender| Some(sender) == first)
}

pub(super) fn body_of(message: &Value) -> String {
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

/// A message that somebody of the company wrote with the phone's app.
pub(super) fn echo(message: &Value) -> Option<Echo> {
    Some(Echo {
        to: Address::from(&phone(&message["to"])?),
        body: body_of(message),
        provider_message_id: text(&message["id"])?,
        at: time(&message["timestamp"])?,
    })
}

/// Who received our message, if the status names them by number and by id.
pub(super) fn recipient(status: &Value) -> Option<Recipient> {
    let id = bsuid(&status["recipient_user_id"])?;
    Some(Recipient {
        phone: phone(&status["recipient_id"])?,
        id,
    })
}
