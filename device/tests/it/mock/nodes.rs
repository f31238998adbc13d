//! Reading and writing nodes.

use super::signal::Published;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Node, NodeContent};

/// The server's own address.
pub(crate) const SERVER: &str = "s.whatsapp.net";

pub(crate) fn node(tag: &'static str) -> NodeBuilder {
    NodeBuilder::new(tag)
}

/// A node that contains only these bytes.
pub(crate) fn of_bytes(tag: &'static str, bytes: impl Into<Vec<u8>>) -> Node {
    node(tag).bytes(bytes).build()
}

pub(crate) fn attribute(node: &Node, name: &str) -> Option<String> {
    node.attrs
        .get(name)
        .map(|value| value.as_str().into_owned())
}

/// The bytes of a child.
pub(crate) fn bytes_of(node: &Node, child: &str) -> Option<Vec<u8>> {
    content(node.get_optional_child(child)?)
}

pub(crate) fn content(node: &Node) -> Option<Vec<u8>> {
    match node.content.as_ref()? {
        NodeContent::Bytes(bytes) => Some(bytes.clone()),
        NodeContent::String(text) => Some(text.as_bytes().to_vec()),
        NodeContent::Nodes(_) => None,
    }
}

/// A number of three or four bytes, the first the greatest.
pub(crate) fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

/// The answer to a request.
pub(crate) fn result(request: &Node, children: Vec<Node>) -> Node {
    let id = attribute(request, "id").unwrap_or_default();
    let answer = node("iq")
        .attr("type", "result")
        .attr("id", id)
        .attr("from", SERVER);
    if children.is_empty() {
        answer.build()
    } else {
        answer.children(children).build()
    }
}

/// The server's answer about a device that can receive messages.
pub(crate) fn keys_of(jid: &str, keys: &Published) -> Node {
    let identified = |tag, (id, value): (u32, &[u8]), signature: Option<&[u8]>| {
        let mut children = vec![
            of_bytes("id", &id.to_be_bytes()[1..]),
            of_bytes("value", value),
        ];
        children.extend(signature.map(|signature| of_bytes("signature", signature)));
        node(tag).children(children).build()
    };
    let (signed_id, signed, signature) = &keys.signed_prekey;
    let (id, prekey) = &keys.prekey;
    node("user")
        .attr("jid", jid)
        .children(vec![
            of_bytes("registration", keys.registration.to_be_bytes()),
            of_bytes("type", [5]),
            of_bytes("identity", keys.identity.clone()),
            identified("skey", (*signed_id, signed), Some(signature)),
            identified("key", (*id, prekey), None),
        ])
        .build()
}
