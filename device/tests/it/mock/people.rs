//! People with phones: clients and agents, who write to the company and read what it writes.

use super::nodes::{SERVER, attribute, content, node};
use super::signal::Signal;
use whatsapp_rust::wacore::libsignal::protocol::{
    DeviceId, IdentityKey, PreKeyBundle, ProtocolAddress, PublicKey,
};
use whatsapp_rust::wacore::messages::{MessageUtils, decode_plaintext};
use whatsapp_rust::wacore::proto_helpers::MessageExt;
use whatsapp_rust::wacore_binary::Node;
use whatsapp_rust::waproto::whatsapp as wa;

/// A person's phone.
pub(crate) struct Person {
    /// Digits.
    pub(crate) number: String,
    pub(crate) lid: String,
    pub(crate) name: String,
    /// WhatsApp hides their number: they write as their LID.
    pub(crate) hides_number: bool,
    pub(crate) signal: Signal,
    /// What they read, once each.
    pub(crate) read: Vec<Read>,
}

/// A message of the company's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// What the linked device has published of itself.
#[derive(Clone, Default)]
pub(crate) struct Companion {
    pub(crate) registration: u32,
    pub(crate) identity: Vec<u8>,
    pub(crate) signed: (u32, Vec<u8>, Vec<u8>),
    pub(crate) prekeys: Vec<(u32, Vec<u8>)>,
}

fn company() -> ProtocolAddress {
    ProtocolAddress::new("company", DeviceId::from(0u32))
}

fn public(bytes: &[u8]) -> PublicKey {
    PublicKey::from_djb_public_key_bytes(bytes).expect("a key")
}

impl Companion {
    fn bundle(&mut self) -> PreKeyBundle {
        let prekey = self.prekeys.pop().expect("a prekey that is left");
        let (id, key, signature) = self.signed.clone();
        PreKeyBundle::new(
            self.registration,
            DeviceId::from(0u32),
            Some((prekey.0.into(), public(&prekey.1))),
            id.into(),
            public(&key),
            signature,
            IdentityKey::new(public(&self.identity)),
        )
        .expect("a bundle")
    }
}

impl Person {
    pub(crate) fn new(number: &str, lid: &str, name: &str) -> Self {
        Self {
            number: number.to_owned(),
            lid: lid.to_owned(),
            name: name.to_owned(),
            hides_number: false,
            signal: Signal::new(),
            read: Vec::new(),
        }
    }

    /// Whether this address, with or without a device, is theirs.
    pub(crate) fn is(&self, jid: &str) -> bool {
        let user = jid.split(['@', ':']).next().unwrap_or_default();
        user == self.number || user == self.lid
    }

    pub(crate) fn jid(&self) -> String {
        if self.hides_number {
            format!("{}@lid", self.lid)
        } else {
            format!("{}@{SERVER}", self.number)
        }
    }

    /// Seals a message for the company's linked device.
    pub(crate) async fn write(
        &mut self,
        to: &mut Companion,
        id: &str,
        at: i64,
        message: &wa::Message,
    ) -> Node {
        if !self.signal.has_session(&company()) {
            self.signal.begin(&company(), &to.bundle()).await;
        }
        let padded = MessageUtils::encode_and_pad(message);
        let (kind, sealed) = self.signal.encrypt(&company(), &padded).await;
        let mut stanza = node("message")
            .attr("from", self.jid())
            .attr("id", id.to_owned())
            .attr("t", at)
            .attr("type", "text")
            .attr("notify", self.name.clone());
        if self.hides_number {
            stanza = stanza.attr("addressing_mode", "lid");
        } else {
            stanza = stanza.attr("sender_lid", format!("{}@lid", self.lid));
        }
        let enc = node("enc").attr("v", "2").attr("type", kind).bytes(sealed);
        stanza.children(vec![enc.build()]).build()
    }

    /// What was sealed cannot be opened: the next message begins anew.
    pub(crate) fn forget_session(&mut self) {
        self.signal.forget(&company());
    }

    /// Opens a message of the company's. The same message again is read once, as phones do.
    pub(crate) async fn receive(&mut self, stanza: &Node) {
        let id = attribute(stanza, "id").unwrap_or_default();
        let sealed = self.envelope(stanza).expect("a part for its recipient");
        let kind = attribute(&sealed, "type").unwrap_or_default();
        let bytes = content(&sealed).expect("a sealed message");
        let plain = self.signal.decrypt(&company(), &kind, &bytes).await;
        let message = decode_plaintext(&plain, 2).expect("a message");
        if self.read.iter().all(|read| read.id != id) {
            let text = message.text_content().unwrap_or_default().to_owned();
            self.read.push(Read { id, text });
        }
    }

    fn envelope(&self, stanza: &Node) -> Option<Node> {
        if let Some(enc) = stanza.get_optional_child("enc") {
            return Some(enc.clone());
        }
        let participants = stanza.get_optional_child("participants")?;
        participants
            .children()?
            .iter()
            .find(|to| attribute(to, "jid").is_some_and(|jid| self.is(&jid)))
            .and_then(|to| to.get_optional_child("enc").cloned())
    }
}
