//! One connection of a client to the mock: WebSocket, Noise responder, frames, nodes.

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_websockets::{Message, ServerBuilder, WebSocketStream};
use whatsapp_rust::bytes::BytesMut;
use whatsapp_rust::wacore::crypto::generate_curve_key_pair;
use whatsapp_rust::wacore::framing::{FrameDecoder, encode_frame};
use whatsapp_rust::wacore::handshake::NoiseHandshake;
use whatsapp_rust::wacore::libsignal::protocol::KeyPair;
use whatsapp_rust::wacore::noise::NoiseCipher;
use whatsapp_rust::wacore_binary::consts::{
    NOISE_PATTERN_XX, NOISE_PATTERN_XXFALLBACK, WA_CONN_HEADER,
};
use whatsapp_rust::wacore_binary::util::unpack_bytes;
use whatsapp_rust::wacore_binary::{Node, OwnedNodeRef, marshal};
use whatsapp_rust::waproto::buffa::{Message as _, MessageField};
use whatsapp_rust::waproto::whatsapp as wa;

/// A connection after its handshake.
pub(crate) struct Wire {
    socket: WebSocketStream<TcpStream>,
    frames: FrameDecoder,
    read: (NoiseCipher, u32),
    write: (NoiseCipher, u32),
}

/// The client's identity, from the handshake.
pub(crate) struct Caller {
    pub(crate) noise_key: Vec<u8>,
    pub(crate) payload: wa::ClientPayload,
}

pub(crate) fn raw(pair: &KeyPair) -> Vec<u8> {
    pair.public_key.public_key_bytes().to_vec()
}

/// A chain that says nothing but the server's key: its signatures are not looked at in the tests' build. It
/// has no end of validity, so that the client never takes the shorter handshake.
fn certificates(server: &KeyPair) -> Vec<u8> {
    use wa::cert_chain::NoiseCertificate;
    use wa::cert_chain::noise_certificate::Details;
    let certificate = |serial, issuer: u32, key: Vec<u8>| {
        let details = Details {
            serial: Some(serial),
            issuer_serial: Some(issuer),
            key: Some(key),
            ..Details::default()
        };
        MessageField::some(NoiseCertificate {
            details: Some(details.encode_to_vec()),
            signature: None,
        })
    };
    wa::CertChain {
        intermediate: certificate(7, 0, vec![1; 32]),
        leaf: certificate(8, 7, raw(server)),
    }
    .encode_to_vec()
}

impl Wire {
    /// Takes a connection. `None`: it went away.
    pub(crate) async fn accept(stream: TcpStream, server: &KeyPair) -> Option<(Self, Caller)> {
        let (_, mut socket) = ServerBuilder::new().accept(stream).await.ok()?;
        let mut frames = FrameDecoder::new();
        let first = next_binary(&mut socket).await?;
        frames.feed(first.strip_prefix(&WA_CONN_HEADER[..])?);
        let hello = hello(&mut frames, &mut socket).await?;
        let hello = hello.client_hello.into_option()?;
        let theirs: [u8; 32] = hello.ephemeral?.clone().try_into().ok()?;
        // A client that knows an older key of ours is asked to continue without it.
        let pattern = if hello.r#static.is_some() {
            NOISE_PATTERN_XXFALLBACK
        } else {
            NOISE_PATTERN_XX
        };
        let mut noise = NoiseHandshake::new(pattern, &WA_CONN_HEADER).ok()?;
        noise.authenticate(&theirs);
        let ours = generate_curve_key_pair();
        noise.authenticate(&raw(&ours));
        noise
            .mix_shared_secret(ours.private_key.serialize(), &theirs)
            .ok()?;
        let key = noise.encrypt(&raw(server)).ok()?;
        noise
            .mix_shared_secret(server.private_key.serialize(), &theirs)
            .ok()?;
        let payload = noise.encrypt(&certificates(server)).ok()?;
        let answer = wa::HandshakeMessage {
            server_hello: MessageField::some(wa::handshake_message::ServerHello {
                ephemeral: Some(raw(&ours)),
                r#static: Some(key),
                payload: Some(payload),
                ..Default::default()
            }),
            ..Default::default()
        };
        let frame = encode_frame(&answer.encode_to_vec(), None).ok()?;
        socket.send(Message::binary(frame)).await.ok()?;
        let finish = self::hello(&mut frames, &mut socket).await?;
        let finish = finish.client_finish.into_option()?;
        let noise_key = noise.decrypt(&finish.r#static?).ok()?;
        let theirs: [u8; 32] = noise_key.clone().try_into().ok()?;
        noise
            .mix_shared_secret(ours.private_key.serialize(), &theirs)
            .ok()?;
        let payload = noise.decrypt(&finish.payload?).ok()?;
        let payload = wa::ClientPayload::decode_from_slice(&payload).ok()?;
        let (read, write) = noise.finish().ok()?;
        let wire = Self {
            socket,
            frames,
            read: (read, 0),
            write: (write, 0),
        };
        Some((wire, Caller { noise_key, payload }))
    }

    pub(crate) async fn send(&mut self, node: &Node) -> Option<()> {
        let (cipher, counter) = &mut self.write;
        let sealed = cipher
            .encrypt_with_counter(*counter, &marshal(node).ok()?)
            .ok()?;
        *counter += 1;
        let frame = encode_frame(&sealed, None).ok()?;
        self.socket.send(Message::binary(frame)).await.ok()
    }

    /// The next node; `None`: the client went away. Safe to be dropped while it waits.
    pub(crate) async fn receive(&mut self) -> Option<Node> {
        loop {
            if let Some(mut sealed) = self.frames.decode_frame() {
                let (cipher, counter) = &mut self.read;
                cipher
                    .decrypt_in_place_with_counter(*counter, &mut sealed)
                    .ok()?;
                *counter += 1;
                let node = OwnedNodeRef::new(unpack_bytes(sealed).ok()?).ok()?;
                return Some(node.to_owned_node());
            }
            let data = next_binary(&mut self.socket).await?;
            self.frames.feed(&data);
        }
    }

    pub(crate) async fn close(mut self) {
        self.socket.close().await.ok();
    }
}

async fn next_binary(socket: &mut WebSocketStream<TcpStream>) -> Option<Vec<u8>> {
    loop {
        let message = socket.next().await?.ok()?;
        if message.is_close() {
            return None;
        }
        if message.is_binary() {
            return Some(message.into_payload().to_vec());
        }
    }
}

async fn hello(
    frames: &mut FrameDecoder,
    socket: &mut WebSocketStream<TcpStream>,
) -> Option<wa::HandshakeMessage> {
    loop {
        if let Some(frame) = frames.decode_frame() {
            let frame: BytesMut = frame;
            return wa::HandshakeMessage::decode_from_slice(&frame).ok();
        }
        let data = next_binary(socket).await?;
        frames.feed(&data);
    }
}
