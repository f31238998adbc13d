//! Mapping the messages of the client library to ours: an inbound message, a correction, or an echo of the
//! phone.

use chrono::DateTime;
use serde_json::json;
use shared::address::Address;
use shared::distribution::{Channel, InboundMessage};
use shared::leads::Click;
use shared::linked_device::Inbound;
use shared::meta::text_for_attachment;
use shared::phone::Phone;
use shared::whatsapp::{Correction, Echo, clean};
use whatsapp_rust::wacore::proto_helpers::MessageExt;
use whatsapp_rust::wacore::types::message::MessageInfo;
use whatsapp_rust::wacore_binary::Jid;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::waproto::whatsapp::message::protocol_message::Type as ProtocolType;

/// The longest id or name that is kept, in characters.
const LONGEST_NAME: usize = 255;

/// The number and the LID of a person, as far as they are known.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) phone: Option<Phone>,
    pub(crate) lid: Option<Address>,
}

impl Names {
    /// From the address of a stanza and the other address that came with it.
    pub(crate) fn of(jid: &Jid, other: Option<&Jid>) -> Self {
        let both = [Some(jid), other];
        let pick = |fits: fn(&Jid) -> bool| both.into_iter().flatten().find(|jid| fits(jid));
        Self {
            phone: pick(is_phone).and_then(phone_of),
            lid: pick(is_lid).and_then(|jid| Address::from_lid(&jid.user)),
        }
    }

    /// The address, which is the number if that is known, and the other address.
    fn addresses(self) -> Option<(Address, Option<Address>)> {
        match (self.phone, self.lid) {
            (Some(phone), lid) => Some((Address::from(phone), lid)),
            (None, Some(lid)) => Some((lid, None)),
            (None, None) => None,
        }
    }
}

/// Whether an address is a number, on WhatsApp's own servers or hosted by a business.
fn is_phone(jid: &Jid) -> bool {
    jid.server.is_pn_family()
}

/// Whether an address is a LID.
pub(crate) fn is_lid(jid: &Jid) -> bool {
    jid.server.is_lid_family()
}

/// The number of a phone's address.
pub(crate) fn phone_of(jid: &Jid) -> Option<Phone> {
    Phone::from_whatsapp_id("jid", &jid.user).ok()
}

/// Adds a message to `inbound`. Messages of groups, broadcasts and the protocol itself are ignored.
pub(crate) fn map_message(
    message: &wa::Message,
    info: &MessageInfo,
    names: Names,
    inbound: &mut Inbound,
) {
    let source = &info.source;
    if source.is_group || !(is_phone(&source.chat) || is_lid(&source.chat)) {
        return;
    }
    let Some((from, other_address)) = names.addresses() else {
        tracing::warn!("device.without_sender: a message has no known sender");
        return;
    };
    let base = message.get_base_message();
    if let Some(protocol) = base.protocol_message.as_option() {
        let correction = correction(protocol, info, &from).filter(|_| !source.is_from_me);
        inbound
            .corrections
            .extend(correction.map(|correction| (from, correction)));
        return;
    }
    let Some(content) = content_of(base) else {
        return;
    };
    let at = info.timestamp.max(DateTime::UNIX_EPOCH);
    if source.is_from_me {
        inbound.echoes.push(Echo {
            provider_message_id: id_of(&from, &info.id),
            to: from,
            body: content.body,
            at,
        });
        return;
    }
    inbound
        .messages
        .push(inbound_message(base, info, (from, other_address), content));
}

/// A unique id of the message, because two people can use the same id. It is made from the person and not from
/// the address in the stanza, because a message that comes again can have the other address.
fn id_of(from: &Address, id: &str) -> String {
    short(&format!("{}/{id}", from.as_str()))
}

/// A name or an id, cut to the length that an index accepts, so that the message can be stored.
fn short(text: &str) -> String {
    clean(text).chars().take(LONGEST_NAME).collect()
}

struct Content {
    body: String,
    reaction: Option<String>,
}

/// The content of a message. `None` if there is nothing to show.
fn content_of(base: &wa::Message) -> Option<Content> {
    let text = |body: String| {
        Some(Content {
            body: clean(&body),
            reaction: None,
        })
    };
    if let Some(written) = base.text_content() {
        return text(written.to_owned());
    }
    if let Some(reaction) = base.reaction_message.as_option() {
        return Some(Content {
            body: String::new(),
            reaction: Some(short(reaction.text.as_deref().unwrap_or_default())),
        });
    }
    let caption = base.get_caption().unwrap_or_default();
    let shown = |kind: &str, content: serde_json::Value| {
        text(text_for_attachment(kind, &json!({ kind: content })))
    };
    if base.image_message.is_set() {
        return shown("image", json!({ "caption": caption }));
    }
    if base.video_message.is_set() {
        return shown("video", json!({ "caption": caption }));
    }
    if base.audio_message.is_set() {
        return shown("audio", json!({}));
    }
    if base.sticker_message.is_set() {
        return shown("sticker", json!({}));
    }
    if let Some(document) = base.document_message.as_option() {
        let content = json!({ "caption": caption, "filename": document.file_name });
        return shown("document", content);
    }
    if let Some(place) = base.location_message.as_option() {
        let content = json!({
            "name": place.name, "address": place.address,
            "latitude": place.degrees_latitude, "longitude": place.degrees_longitude,
        });
        return shown("location", content);
    }
    if let Some(contact) = base.contact_message.as_option() {
        let numbers = numbers_of(contact.vcard.as_deref().unwrap_or_default());
        let content =
            json!([{ "name": { "formatted_name": contact.display_name }, "phones": numbers }]);
        return shown("contacts", content);
    }
    // Keys for groups and the like come as messages without any content.
    let empty = wa::Message {
        message_context_info: base.message_context_info.clone(),
        sender_key_distribution_message: base.sender_key_distribution_message.clone(),
        ..wa::Message::default()
    };
    if *base == empty {
        return None;
    }
    shown("unknown", json!({}))
}

/// The numbers of a contact card: its `TEL` lines (RFC 6350, 6.4.1).
fn numbers_of(card: &str) -> Vec<serde_json::Value> {
    card.lines()
        .filter_map(|line| line.trim().split_once(':'))
        .filter(|(name, _)| {
            let name = name.rsplit('.').next().unwrap_or(name).to_uppercase();
            name == "TEL" || name.starts_with("TEL;")
        })
        .map(|(_, number)| json!({ "phone": number.trim_start_matches("tel:") }))
        .collect()
}

fn inbound_message(
    base: &wa::Message,
    info: &MessageInfo,
    (from, other_address): (Address, Option<Address>),
    content: Content,
) -> InboundMessage {
    let context = context_of(base);
    let ad = context.and_then(|context| context.external_ad_reply.as_option());
    let reacted_to = base
        .reaction_message
        .as_option()
        .and_then(|reaction| reaction.key.as_option())
        .and_then(|key| key.id.as_deref());
    let quoted = context.and_then(|context| context.stanza_id.as_deref());
    let known = |text: Option<&str>| text.map(short).filter(|text| !text.is_empty());
    InboundMessage {
        other_address,
        name: known(Some(&info.push_name)),
        source_ads: known(ad.and_then(|ad| ad.title.as_deref())),
        message_id: Some(id_of(&from, &info.id)),
        sent_at: Some(info.timestamp).filter(|at| at.timestamp() >= 0),
        quoted_message_id: known(reacted_to.or(quoted)),
        reaction: content.reaction,
        click: Click {
            ad_id: known(ad.and_then(|ad| ad.source_id.as_deref())),
            campaign_id: None,
            ctwa_clid: known(ad.and_then(|ad| ad.ctwa_clid.as_deref())),
        },
        ..InboundMessage::new(Channel::Chat, from, content.body)
    }
}

fn context_of(base: &wa::Message) -> Option<&wa::ContextInfo> {
    macro_rules! of {
        ($($field:ident),*) => {
            None$(.or_else(|| base.$field.as_option().and_then(|content| content.context_info.as_option())))*
        };
    }
    of!(
        extended_text_message,
        image_message,
        video_message,
        document_message,
        audio_message,
        sticker_message,
        location_message,
        contact_message
    )
}

/// An edit or a deletion.
fn correction(
    protocol: &wa::message::ProtocolMessage,
    info: &MessageInfo,
    from: &Address,
) -> Option<Correction> {
    let kind = protocol.r#type?;
    let original = protocol.key.as_option()?.id.as_deref()?;
    let body = if kind == ProtocolType::REVOKE {
        None
    } else if kind == ProtocolType::MESSAGE_EDIT {
        Some(content_of(protocol.edited_message.as_option()?.get_base_message())?.body)
    } else {
        return None;
    };
    Some(Correction {
        id: id_of(from, &info.id),
        original_id: id_of(from, original),
        body,
        at: info.timestamp.max(DateTime::UNIX_EPOCH),
    })
}

#[cfg(test)]
mod tests {
    use super::numbers_of;
    use serde_json::json;

    #[test]
    fn the_numbers_of_a_contact_card_are_its_tel_lines() {
        let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Istri Budi\r\nTEL;type=CELL;waid=6281311112222:+62 813-1111-2222\r\n\
                    item1.TEL:021-5550123\r\nitem1.X-ABLabel:Rumah\r\nURL:tel.example\r\nEND:VCARD";
        assert_eq!(
            numbers_of(card),
            [
                json!({ "phone": "+62 813-1111-2222" }),
                json!({ "phone": "021-5550123" })
            ]
        );
        assert!(numbers_of("").is_empty());
    }
}
