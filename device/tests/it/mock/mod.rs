//! A mock of WhatsApp's server with the phones around it, real encryption included: what a linked device
//! meets from its QR code on.

mod nodes;
mod people;
mod phone;
mod server;
mod signal;
mod wire;
mod world;

use nodes::{SERVER, node, of_bytes};
use people::{Person, Read};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, MutexGuard};
use whatsapp_rust::wacore_binary::Node;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;
pub(crate) use world::Turn;
use world::{Order, REFERENCE, World};

/// The server.
#[derive(Clone)]
pub(crate) struct WhatsApp {
    pub(crate) url: String,
    world: Arc<Mutex<World>>,
}

impl WhatsApp {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mock = Self {
            url: format!("ws://{address}/ws/chat"),
            world: Arc::new(Mutex::new(World::new())),
        };
        let serving = mock.clone();
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                number += 1;
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(number, stream).await });
            }
        });
        mock
    }

    pub(crate) async fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().await
    }

    /// Adds a person with a phone.
    pub(crate) async fn person(&self, number: &str, name: &str) {
        let digits = number.trim_start_matches('+');
        let lid = format!("7{digits}");
        let mut world = self.world().await;
        world.people.push(Person::new(digits, &lid, name));
    }

    /// From now on this person writes from their LID, and their number is not disclosed.
    pub(crate) async fn hide_number(&self, number: &str) {
        let mut world = self.world().await;
        let person = world.person(number.trim_start_matches('+'));
        person.expect("somebody").hides_number = true;
    }

    /// This person writes to the company. Returns WhatsApp's id.
    pub(crate) async fn writes(&self, number: &str, text: &str) -> String {
        let message = wa::Message {
            conversation: Some(text.to_owned()),
            ..wa::Message::default()
        };
        self.sends(number, &message).await
    }

    /// This person sends the company any message. Returns WhatsApp's id.
    pub(crate) async fn sends(&self, number: &str, message: &wa::Message) -> String {
        let id = format!("3A{:018X}", rand::random::<u64>());
        let at = now();
        let mut world = self.world().await;
        let World { people, link, .. } = &mut *world;
        let digits = number.trim_start_matches('+');
        let person = people.iter_mut().find(|person| person.is(digits));
        let companion = &mut link.as_mut().expect("a linked device").companion;
        let written = person.expect("somebody").write(companion, &id, at, message);
        let stanza = written.await;
        world.waiting.push(stanza.clone());
        world
            .written
            .push((id.clone(), digits.to_owned(), message.clone()));
        world.tell_device(stanza);
        id
    }

    /// What this person has read from the company, in order.
    pub(crate) async fn read_by(&self, number: &str) -> Vec<Read> {
        let mut world = self.world().await;
        let person = world.person(number.trim_start_matches('+'));
        person.expect("somebody").read.clone()
    }

    /// Reports to the device that its message arrived or was read.
    pub(crate) async fn receipt(&self, number: &str, id: &str, is_read: bool) {
        let mut world = self.world().await;
        let person = world.person(number.trim_start_matches('+'));
        let jid = person.expect("somebody").jid();
        let mut receipt = node("receipt")
            .attr("from", jid)
            .attr("id", id.to_owned())
            .attr("t", now());
        if is_read {
            receipt = receipt.attr("type", "read");
        }
        world.tell_device(receipt.build());
    }

    /// WhatsApp reports that a person has another number now.
    pub(crate) async fn changes_number(&self, old: &str, new: &str) {
        let jid = |number: &str| format!("{}@s.whatsapp.net", number.trim_start_matches('+'));
        let modify = node("modify").attr("old", jid(old)).attr("new", jid(new));
        let told = node("notification")
            .attr("type", "contacts")
            .attr("from", jid(old))
            .attr("id", format!("{:08X}", rand::random::<u32>()))
            .attr("t", now())
            .children(vec![modify.build()]);
        self.world().await.tell_device(told.build());
    }

    /// The company's phone scans a QR code.
    pub(crate) async fn scan(&self, code: &str) {
        let scanned = phone::scan(code);
        let mut world = self.world().await;
        let success = world.begin_link(
            scanned.noise_key.clone(),
            &scanned.identity,
            &scanned.secret,
        );
        let connection = world
            .connections
            .values()
            .find(|one| one.noise_key == scanned.noise_key);
        let orders = &connection.expect("the device that shows it").orders;
        orders.send(Order::Send(success)).ok();
    }

    /// The phone's owner types a pairing code.
    pub(crate) async fn type_code(&self, code: &str) {
        let mut world = self.world().await;
        let hello = world.hello.clone().expect("a device that shows a code");
        let code: String = code.chars().filter(|c| *c != '-').collect();
        let (notification, typing) = world.phone.type_code(&hello, &code, REFERENCE);
        world.typing = Some(typing);
        let connection = world
            .connections
            .values()
            .find(|one| one.noise_key == hello.noise_key);
        let orders = &connection.expect("the device that shows it").orders;
        orders.send(Order::Send(notification)).ok();
    }

    /// Sends a node to every connection that is not linked yet.
    pub(crate) async fn tell_unlinked(&self, node: &Node) {
        for connection in self.world().await.connections.values() {
            if !connection.is_logged_in {
                connection.orders.send(Order::Send(node.clone())).ok();
            }
        }
    }

    /// WhatsApp asks for a passkey.
    pub(crate) async fn ask_for_passkey(&self) {
        let options = br#"{"challenge":"AAECAw","rpId":"web.whatsapp.com"}"#;
        let asked = node("notification")
            .attr("from", SERVER)
            .attr("type", "passkey_prologue_request")
            .attr("id", "srv-passkey")
            .children(vec![of_bytes("passkey_request_options", options.to_vec())])
            .build();
        self.tell_unlinked(&asked).await;
    }

    /// The phone's owner removes the linked device.
    pub(crate) async fn unlink(&self) {
        let mut world = self.world().await;
        world.link = None;
        let conflict = node("conflict").attr("type", "device_removed").build();
        let error = node("stream:error")
            .attr("code", "401")
            .children(vec![conflict])
            .build();
        world.tell_device(error);
    }

    /// The company's phone itself writes to a person; its linked device is notified.
    pub(crate) async fn phone_writes(&self, to: &str, message: &wa::Message) {
        let id = format!("3A{:018X}", rand::random::<u64>());
        let mut world = self.world().await;
        let recipient = format!("{}@{SERVER}", to.trim_start_matches('+'));
        let told = wa::Message {
            device_sent_message: MessageField::some(wa::message::DeviceSentMessage {
                destination_jid: Some(recipient.clone()),
                message: MessageField::some(message.clone()),
                ..Default::default()
            }),
            ..Default::default()
        };
        let World { own, link, .. } = &mut *world;
        let companion = &mut link.as_mut().expect("a linked device").companion;
        let at = now();
        let mut stanza = own.write(companion, &id, at, &told).await;
        stanza.attrs.insert("recipient", recipient);
        world.waiting.push(stanza.clone());
        world.tell_device(stanza);
    }

    /// Another client logs in with the same link.
    pub(crate) async fn replace(&self) {
        let world = self.world().await;
        let conflict = node("conflict").attr("type", "replaced").build();
        world.tell_device(node("stream:error").children(vec![conflict]).build());
    }

    /// Whether the account can write to people who have not written to it.
    pub(crate) async fn locks_reach_out(&self, locks: bool) {
        self.world().await.locks_reach_out = locks;
    }

    /// From now on a login fails with this reason, and further attributes; `None`: not any more.
    pub(crate) async fn refuse_logins(&self, reason: Option<(&str, &[(&'static str, &str)])>) {
        self.world().await.failure = reason.map(|(reason, more)| {
            let mut failure = node("failure").attr("reason", reason.to_owned());
            for (name, value) in more {
                failure = failure.attr(name, (*value).to_owned());
            }
            failure.build()
        });
    }

    /// The network breaks for a moment, or until it is mended.
    pub(crate) async fn cut(&self, is_away: bool) {
        let mut world = self.world().await;
        world.is_away = is_away;
        for connection in world.connections.values() {
            connection.orders.send(Order::Close).ok();
        }
    }
}

/// Seconds since 1970, as WhatsApp's server counts.
#[allow(
    clippy::disallowed_methods,
    reason = "WhatsApp has a clock of its own, and so has the mock"
)]
fn now() -> i64 {
    chrono::Utc::now().timestamp()
}
