//! What the mock's server knows and answers.

use super::nodes::{SERVER, attribute, bytes_of, keys_of, node, number, of_bytes, result};
use super::people::{Companion, Person};
use super::phone::{Hello, Phone, Typing};
use std::collections::BTreeMap;
use tokio::sync::mpsc::UnboundedSender;
use whatsapp_rust::wacore::crypto::generate_curve_key_pair;
use whatsapp_rust::wacore::libsignal::protocol::KeyPair;
use whatsapp_rust::wacore_binary::Node;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;

/// A command to a connection.
pub(crate) enum Order {
    Send(Node),
    Close,
}

/// A client that is there.
pub(crate) struct Connection {
    pub(crate) orders: UnboundedSender<Order>,
    pub(crate) noise_key: Vec<u8>,
    pub(crate) is_logged_in: bool,
}

/// The device that is linked.
pub(crate) struct Link {
    pub(crate) noise_key: Vec<u8>,
    pub(crate) device: u16,
    pub(crate) companion: Companion,
}

/// What is done with a message of the device's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Refuse(&'static str),
    /// Delivered; the answer is lost.
    LoseTheAnswer,
}

pub(crate) struct World {
    pub(crate) server: KeyPair,
    pub(crate) phone: Phone,
    /// The phone as a device among the account's.
    pub(crate) own: Person,
    pub(crate) is_away: bool,
    /// The sockets are open, and the server does not answer.
    pub(crate) is_mute: bool,
    /// The answer to a device's login, if it is not a success.
    pub(crate) failure: Option<Node>,
    pub(crate) link: Option<Link>,
    /// A device that was linked and has not signed yet.
    pub(crate) linking: Option<Link>,
    pub(crate) next_device: u16,
    pub(crate) connections: BTreeMap<u64, Connection>,
    pub(crate) people: Vec<Person>,
    /// Messages for the device that it has not acknowledged.
    pub(crate) waiting: Vec<Node>,
    /// What was in them, by id and writer: a device that cannot open one asks for it again.
    pub(crate) written: Vec<(String, String, wa::Message)>,
    pub(crate) script: Vec<Turn>,
    /// The account cannot write to people who have not written to it.
    pub(crate) locks_reach_out: bool,
    /// Every message that came, by id, as often as it came.
    pub(crate) came: Vec<String>,
    pub(crate) replaced: usize,
    pub(crate) logins: usize,
    pub(crate) hello: Option<Hello>,
    pub(crate) typing: Option<Typing>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            server: generate_curve_key_pair(),
            phone: Phone::new("6281200000000", "900000000000001"),
            own: Person::new("6281200000000", "900000000000001", "Property Lounge"),
            is_away: false,
            is_mute: false,
            failure: None,
            link: None,
            linking: None,
            next_device: 10,
            connections: BTreeMap::new(),
            people: Vec::new(),
            waiting: Vec::new(),
            written: Vec::new(),
            script: Vec::new(),
            locks_reach_out: false,
            came: Vec::new(),
            replaced: 0,
            logins: 0,
            hello: None,
            typing: None,
        }
    }

    pub(crate) fn logged_in(&self) -> Option<&Connection> {
        self.connections.values().find(|one| one.is_logged_in)
    }

    /// Sends a node to the linked device, if it is there.
    pub(crate) fn tell_device(&self, node: Node) {
        if let Some(connection) = self.logged_in() {
            connection.orders.send(Order::Send(node)).ok();
        }
    }

    pub(crate) fn person(&mut self, jid: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.is(jid))
    }

    /// Answers a request. Whatever is not known here is answered with an empty result, as most may be.
    pub(crate) async fn answer(&mut self, request: &Node) -> Vec<Node> {
        let space = attribute(request, "xmlns").unwrap_or_default();
        let is_set = attribute(request, "type").is_some_and(|kind| kind == "set");
        match (space.as_str(), is_set) {
            ("usync", _) => vec![self.look_up(request)],
            ("encrypt", false) if request.get_optional_child("key").is_some() => {
                vec![self.hand_out_keys(request)]
            }
            ("encrypt", true) if request.get_optional_child("list").is_some() => {
                let shared = self.take_keys(request).await;
                let taken = result(request, Vec::new());
                [Some(taken), shared].into_iter().flatten().collect()
            }
            ("abt", _) => vec![result(request, vec![node("props").build()])],
            ("privacy", false) => vec![result(request, vec![node("privacy").build()])],
            ("w:sync:app:state", _) => vec![synced(request)],
            ("passive", _) => self.begin_delivery(request),
            ("md", true) => self.link_by_code(request),
            _ => vec![result(request, Vec::new())],
        }
    }

    /// After its `active` a device is given what waited for it.
    fn begin_delivery(&self, request: &Node) -> Vec<Node> {
        let mut answers = vec![result(request, Vec::new())];
        answers.extend(self.waiting.iter().map(|stanza| {
            let mut stanza = stanza.clone();
            stanza.attrs.insert("offline", "0");
            stanza
        }));
        let count = self.waiting.len().to_string();
        let end = node("offline").attr("count", count).build();
        answers.push(node("ib").attr("from", SERVER).children(vec![end]).build());
        answers
    }

    /// Keeps what the device has published; its phone then shares the account's keys with it, as it does
    /// once after linking.
    async fn take_keys(&mut self, request: &Node) -> Option<Node> {
        let link = self.link.as_mut()?;
        let is_first = link.companion.prekeys.is_empty();
        let of = |node: &Node, child| bytes_of(node, child).unwrap_or_default();
        let skey = request.get_optional_child("skey").expect("a signed prekey");
        let list = request.get_optional_child("list").expect("prekeys");
        link.companion = Companion {
            registration: number(&of(request, "registration")),
            identity: of(request, "identity"),
            signed: (
                number(&of(skey, "id")),
                of(skey, "value"),
                of(skey, "signature"),
            ),
            prekeys: list
                .children()
                .unwrap_or_default()
                .iter()
                .map(|key| (number(&of(key, "id")), of(key, "value")))
                .collect(),
        };
        if !is_first {
            return None;
        }
        let message = shared_keys();
        let written = self.own.write(&mut link.companion, "3AKEYS", 1, &message);
        let mut stanza = written.await;
        stanza.attrs.insert("category", "peer");
        Some(stanza)
    }

    fn hand_out_keys(&mut self, request: &Node) -> Node {
        let asked = request.get_optional_child("key").expect("who");
        let mut users = Vec::new();
        for user in asked.children().unwrap_or_default() {
            let jid = attribute(user, "jid").unwrap_or_default();
            let is_own = jid.starts_with(&self.phone.lid) || jid.starts_with(&self.phone.number);
            let keys = if is_own {
                Some(self.own.signal.publish())
            } else {
                self.person(&jid).map(|person| person.signal.publish())
            };
            users.extend(keys.map(|keys| keys_of(&jid, &keys)));
        }
        result(request, vec![node("list").children(users).build()])
    }

    /// Who is on WhatsApp, under which other name, with which devices: only their phones.
    fn look_up(&mut self, request: &Node) -> Node {
        let usync = request.get_optional_child("usync").expect("a question");
        let query = usync.get_optional_child("query").expect("a question");
        let asks = |what| query.get_optional_child(what).is_some();
        let list = usync.get_optional_child("list").expect("of whom");
        let mut users = Vec::new();
        for user in list.children().unwrap_or_default() {
            let by_number = bytes_of(user, "contact").map(|contact| {
                String::from_utf8_lossy(&contact)
                    .trim_start_matches('+')
                    .to_owned()
            });
            let Some(jid) = attribute(user, "jid")
                .or_else(|| by_number.map(|number| format!("{number}@{SERVER}")))
            else {
                continue;
            };
            let known = self
                .people
                .iter()
                .find(|person| person.is(&jid))
                .map(|person| (person.number.clone(), person.lid.clone()));
            let is_own = jid.starts_with(&self.phone.lid) || jid.starts_with(&self.phone.number);
            let mut told = node("user").attr("jid", jid.clone());
            if let Some((number, _)) = known.as_ref().filter(|_| jid.ends_with("@lid")) {
                told = told.attr("pn_jid", format!("{number}@{SERVER}"));
            }
            let mut children = Vec::new();
            if asks("contact") {
                let there = if known.is_some() { "in" } else { "out" };
                children.push(node("contact").attr("type", there).build());
            }
            if let Some((_, lid)) = known.as_ref().filter(|_| asks("lid")) {
                children.push(node("lid").attr("val", format!("{lid}@lid")).build());
            }
            if asks("devices") && (known.is_some() || is_own) {
                let only = node("device").attr("id", "0").build();
                let devices = node("device-list")
                    .attr("hash", "2:abc")
                    .children(vec![only]);
                children.push(node("devices").children(vec![devices.build()]).build());
            }
            users.push(told.children(children).build());
        }
        let list = node("list").children(users).build();
        result(request, vec![node("usync").children(vec![list]).build()])
    }

    /// The two requests of a device that is linked by a code.
    fn link_by_code(&mut self, request: &Node) -> Vec<Node> {
        let Some(stage) = request.get_optional_child("link_code_companion_reg") else {
            return vec![result(request, Vec::new())];
        };
        if attribute(stage, "stage").is_some_and(|stage| stage == "companion_hello") {
            self.hello = Some(Hello {
                wrapped: bytes_of(stage, "link_code_pairing_wrapped_companion_ephemeral_pub")
                    .expect("a wrapped key"),
                noise_key: bytes_of(stage, "companion_server_auth_key_pub").expect("a key"),
            });
            let reference = of_bytes("link_code_pairing_ref", REFERENCE.as_bytes());
            let told = node("link_code_companion_reg")
                .children(vec![reference])
                .build();
            return vec![result(request, vec![told])];
        }
        let bundle = bytes_of(stage, "link_code_pairing_wrapped_key_bundle").expect("a bundle");
        let (hello, typing) = (
            self.hello.take().expect("a first half"),
            self.typing.take().expect("somebody who typed"),
        );
        let (identity, secret) = self.phone.open(&typing, &bundle);
        let success = self.begin_link(hello.noise_key, &identity, &secret);
        vec![result(request, Vec::new()), success]
    }

    /// The phone links a device, which has to sign.
    pub(crate) fn begin_link(
        &mut self,
        noise_key: Vec<u8>,
        identity: &[u8],
        secret: &[u8],
    ) -> Node {
        let device = self.next_device;
        self.next_device += 1;
        self.linking = Some(Link {
            noise_key,
            device,
            companion: Companion::default(),
        });
        self.phone.link(identity, secret, device)
    }
}

/// The ids under which a pairing code is requested and answered.
pub(crate) const REFERENCE: &str = "3@mock";

/// The account's keys. They are constant.
fn shared_keys() -> wa::Message {
    use wa::message::protocol_message::Type;
    use wa::message::{AppStateSyncKey, AppStateSyncKeyData, AppStateSyncKeyFingerprint};
    use wa::message::{AppStateSyncKeyId, AppStateSyncKeyShare, ProtocolMessage};
    let key = AppStateSyncKey {
        key_id: MessageField::some(AppStateSyncKeyId {
            key_id: Some(vec![0, 0, 0, 0, 0, 1]),
        }),
        key_data: MessageField::some(AppStateSyncKeyData {
            key_data: Some(vec![7; 32]),
            fingerprint: MessageField::some(AppStateSyncKeyFingerprint {
                raw_id: Some(1),
                current_index: Some(0),
                device_indexes: vec![0],
            }),
            timestamp: Some(1),
        }),
    };
    let share = AppStateSyncKeyShare { keys: vec![key] };
    wa::Message {
        protocol_message: MessageField::some(ProtocolMessage {
            r#type: Some(Type::APP_STATE_SYNC_KEY_SHARE),
            app_state_sync_key_share: MessageField::some(share),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Every collection that is asked for is up to date.
fn synced(request: &Node) -> Node {
    let asked = request.get_optional_child("sync").expect("collections");
    let collections = asked
        .children()
        .unwrap_or_default()
        .iter()
        .map(|asked| {
            let name = attribute(asked, "name").unwrap_or_default();
            node("collection").attr("name", name).build()
        })
        .collect::<Vec<_>>();
    result(request, vec![node("sync").children(collections).build()])
}
