//! The server's side of a connection.

use super::WhatsApp;
use super::nodes::{attribute, node, of_bytes};
use super::wire::{Caller, Wire};
use super::world::{Connection, Link, Order, Turn, World};
use super::{now, phone, signal};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;
use whatsapp_rust::wacore_binary::Node;

impl WhatsApp {
    pub(super) async fn serve(&self, number: u64, stream: TcpStream) {
        let (server, is_away) = {
            let world = self.world().await;
            (world.server.clone(), world.is_away)
        };
        if is_away {
            return;
        }
        while self.world().await.is_mute {
            sleep(Duration::from_millis(100)).await;
        }
        let Some((mut wire, caller)) = Wire::accept(stream, &server).await else {
            return;
        };
        let (orders, mut ordered) = unbounded_channel();
        let greetings = {
            let mut world = self.world().await;
            let greetings = greet(&mut world, &caller);
            let connection = Connection {
                orders: orders.clone(),
                noise_key: caller.noise_key.clone(),
                is_logged_in: greetings.iter().any(|node| node.tag == "success"),
            };
            world.connections.insert(number, connection);
            greetings
        };
        for greeting in greetings {
            orders.send(Order::Send(greeting)).ok();
        }
        loop {
            tokio::select! {
                order = ordered.recv() => match order {
                    Some(Order::Send(node)) => {
                        if wire.send(&node).await.is_none() { break }
                    }
                    Some(Order::Close) | None => break,
                },
                node = wire.receive() => match node {
                    Some(_) if self.world().await.is_mute => {}
                    Some(node) => {
                        for answer in self.hear(number, &node).await {
                            orders.send(Order::Send(answer)).ok();
                        }
                    }
                    None => break,
                },
            }
        }
        self.world().await.connections.remove(&number);
        wire.close().await;
    }

    /// What is answered to a node of a client's.
    async fn hear(&self, number: u64, heard: &Node) -> Vec<Node> {
        let mut world = self.world().await;
        match heard.tag.as_ref() {
            "iq" if attribute(heard, "type").is_some_and(|kind| kind == "result") => {
                if heard.get_optional_child("pair-device-sign").is_some() {
                    finish_link(&mut world, number);
                }
                Vec::new()
            }
            "iq" => world.answer(heard).await,
            "message" => take_message(&mut world, heard).await,
            "receipt" => acknowledge(&mut world, heard).await.into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// The device has signed: it is linked, and is to connect anew.
fn finish_link(world: &mut World, number: u64) {
    world.link = world.linking.take();
    world.waiting.clear();
    for person in world.people.iter_mut().chain([&mut world.own]) {
        person.signal = signal::Signal::new();
    }
    let orders = world.connections[&number].orders.clone();
    tokio::spawn(async move {
        // As the real server: not in the same instant.
        sleep(Duration::from_millis(150)).await;
        let restart = node("stream:error").attr("code", "515").build();
        orders.send(Order::Send(restart)).ok();
        orders.send(Order::Close).ok();
    });
}

/// The first message to a client: show a QR code, or the login's result.
fn greet(world: &mut World, caller: &Caller) -> Vec<Node> {
    if caller.payload.device_pairing_data.is_set() {
        let references = (0..6)
            .map(|at| of_bytes("ref", format!("2@mock{at}").into_bytes()))
            .collect::<Vec<_>>();
        let pair = node("pair-device").children(references).build();
        return vec![
            phone::request("srv-pair-device")
                .children(vec![pair])
                .build(),
        ];
    }
    let is_linked = |link: &Link| {
        link.noise_key == caller.noise_key && caller.payload.device == Some(u32::from(link.device))
    };
    let Some(link) = world.link.as_ref().filter(|link| is_linked(link)) else {
        return vec![node("failure").attr("reason", "401").build()];
    };
    if let Some(failure) = &world.failure {
        return vec![failure.clone()];
    }
    let lid = format!("{}:{}@lid", world.phone.lid, link.device);
    let mut replaced = 0;
    for other in world
        .connections
        .values_mut()
        .filter(|one| one.is_logged_in)
    {
        replaced += 1;
        let conflict = node("conflict").attr("type", "replaced").build();
        let error = node("stream:error").children(vec![conflict]).build();
        other.orders.send(Order::Send(error)).ok();
        other.orders.send(Order::Close).ok();
        other.is_logged_in = false;
    }
    world.replaced += replaced;
    world.logins += 1;
    let now = now();
    vec![node("success").attr("t", now).attr("lid", lid).build()]
}

async fn take_message(world: &mut World, stanza: &Node) -> Vec<Node> {
    let id = attribute(stanza, "id").unwrap_or_default();
    let to = attribute(stanza, "to").unwrap_or_default();
    let turn = (!world.script.is_empty()).then(|| world.script.remove(0));
    let ack = node("ack")
        .attr("class", "message")
        .attr("id", id.clone())
        .attr("from", to.clone())
        .attr("t", now());
    let has_written = world
        .written
        .iter()
        .any(|(_, writer, _)| to.starts_with(writer.as_str()));
    if world.locks_reach_out && !has_written {
        return vec![ack.attr("error", "463").build()];
    }
    if let Some(Turn::Refuse(code)) = turn {
        return vec![ack.attr("error", code).build()];
    }
    world.came.push(id);
    if let Some(person) = world.person(&to) {
        person.receive(stanza).await;
    }
    match turn {
        Some(Turn::LoseTheAnswer) => Vec::new(),
        _ => vec![ack.build()],
    }
}

/// What the device has acknowledged waits no more; what it could not open is sealed anew, as a phone does.
async fn acknowledge(world: &mut World, receipt: &Node) -> Option<Node> {
    let first = attribute(receipt, "id").unwrap_or_default();
    if attribute(receipt, "type").is_some_and(|kind| kind == "retry") {
        return seal_again(world, &first).await;
    }
    let mut ids = vec![first];
    if let Some(list) = receipt.get_optional_child("list") {
        let items = list.children().unwrap_or_default().iter();
        ids.extend(items.filter_map(|item| attribute(item, "id")));
    }
    world
        .waiting
        .retain(|stanza| attribute(stanza, "id").is_none_or(|id| !ids.contains(&id)));
    None
}

async fn seal_again(world: &mut World, id: &str) -> Option<Node> {
    let World {
        people,
        link,
        written,
        waiting,
        ..
    } = world;
    let (_, writer, message) = written.iter().find(|(known, ..)| known == id)?;
    let person = people.iter_mut().find(|person| person.is(writer))?;
    person.forget_session();
    let companion = &mut link.as_mut()?.companion;
    let at = now();
    let stanza = person.write(companion, id, at, message).await;
    waiting.retain(|stanza| attribute(stanza, "id").is_none_or(|known| known != id));
    waiting.push(stanza.clone());
    Some(stanza)
}
