//! The company's own phone: it scans a QR code, or its owner types a code, and links a device.

use super::nodes::{SERVER, node, of_bytes};
use super::signal::random;
use super::wire::raw;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use whatsapp_rust::wacore::crypto::{generate_curve_key_pair, hkdf_sha256_into};
use whatsapp_rust::wacore::libsignal::crypto::{aes_256_gcm_decrypt, hmac_sha256};
use whatsapp_rust::wacore::libsignal::protocol::{KeyPair, PublicKey};
use whatsapp_rust::wacore::pair_code::PairCodeUtils;
use whatsapp_rust::wacore_binary::Node;
use whatsapp_rust::waproto::buffa::Message as _;
use whatsapp_rust::waproto::whatsapp as wa;

/// The account.
pub(crate) struct Phone {
    key: KeyPair,
    pub(crate) number: String,
    pub(crate) lid: String,
}

/// The content of a QR code.
pub(crate) struct Scanned {
    pub(crate) noise_key: Vec<u8>,
    pub(crate) identity: Vec<u8>,
    pub(crate) secret: Vec<u8>,
}

/// The first half of a pairing code, as the device sent it.
#[derive(Clone)]
pub(crate) struct Hello {
    pub(crate) wrapped: Vec<u8>,
    pub(crate) noise_key: Vec<u8>,
}

/// The phone's own half, until the device has answered.
pub(crate) struct Typing {
    key: KeyPair,
    companion: [u8; 32],
}

pub(crate) fn scan(code: &str) -> Scanned {
    let parts: Vec<&str> = code.split(',').collect();
    let decode = |at: usize| STANDARD.decode(parts[at]).expect("base64");
    Scanned {
        noise_key: decode(1),
        identity: decode(2),
        secret: decode(3),
    }
}

impl Phone {
    pub(crate) fn new(number: &str, lid: &str) -> Self {
        Self {
            key: generate_curve_key_pair(),
            number: number.to_owned(),
            lid: lid.to_owned(),
        }
    }

    /// Asks the server to link the device with this identity, and proves that it knows the secret.
    pub(crate) fn link(&self, identity: &[u8], secret: &[u8], device: u16) -> Node {
        let e2ee = Some(wa::ADVEncryptionType::E2EE);
        let details = wa::ADVDeviceIdentity {
            raw_id: Some(1),
            timestamp: Some(1),
            key_index: Some(1),
            account_type: e2ee,
            device_type: e2ee,
        }
        .encode_to_vec();
        let signed_over = [&[6, 0], details.as_slice(), identity].concat();
        let signature = self
            .key
            .private_key
            .calculate_signature(&signed_over, &mut random())
            .expect("a signature");
        let signed = wa::ADVSignedDeviceIdentity {
            details: Some(details),
            account_signature_key: Some(raw(&self.key)),
            account_signature: Some(signature.to_vec()),
            device_signature: None,
        }
        .encode_to_vec();
        let proof = hmac_sha256(secret, &signed);
        let sealed = wa::ADVSignedDeviceIdentityHMAC {
            details: Some(signed),
            hmac: Some(proof.to_vec()),
            account_type: e2ee,
        }
        .encode_to_vec();
        let success = node("pair-success").children(vec![
            of_bytes("device-identity", sealed),
            node("device")
                .attr("jid", format!("{}:{device}@{SERVER}", self.number))
                .attr("lid", format!("{}:{device}@lid", self.lid))
                .build(),
            node("platform").attr("name", "android").build(),
            node("biz").attr("name", "Property Lounge").build(),
        ]);
        request("srv-pair-success")
            .children(vec![success.build()])
            .build()
    }

    /// Its owner types the code that the device shows.
    pub(crate) fn type_code(&self, hello: &Hello, code: &str, reference: &str) -> (Node, Typing) {
        let wrapped: [u8; 80] = hello.wrapped.clone().try_into().expect("80 bytes");
        let companion =
            PairCodeUtils::decrypt_primary_ephemeral_pub(&wrapped, code).expect("the device's key");
        let key = generate_curve_key_pair();
        let own: [u8; 32] = raw(&key).try_into().expect("32 bytes");
        let sealed = PairCodeUtils::encrypt_ephemeral_pub(&own, code);
        let told = node("link_code_companion_reg")
            .attr("stage", "primary_hello")
            .children(vec![
                of_bytes("link_code_pairing_wrapped_primary_ephemeral_pub", sealed),
                of_bytes("primary_identity_pub", raw(&self.key)),
                of_bytes("link_code_pairing_ref", reference.as_bytes()),
            ]);
        let notification = node("notification")
            .attr("from", SERVER)
            .attr("type", "link_code_companion_reg")
            .attr("id", "srv-code")
            .children(vec![told.build()])
            .build();
        (notification, Typing { key, companion })
    }

    /// Opens what the device answered; returns its identity and the secret.
    pub(crate) fn open(&self, typing: &Typing, bundle: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let shared = agree(&typing.key, &typing.companion);
        let mut key = [0; 32];
        let info = b"link_code_pairing_key_bundle_encryption_key";
        hkdf_sha256_into(&shared, Some(&bundle[..32]), info, &mut key).expect("a key");
        let mut opened = Vec::new();
        aes_256_gcm_decrypt(
            &key,
            bundle[32..44].try_into().expect("12 bytes"),
            b"",
            &bundle[44..],
            &mut opened,
        )
        .expect("a bundle that opens");
        let identity: [u8; 32] = opened[..32].try_into().expect("32 bytes");
        let both = [&shared[..], &agree(&self.key, &identity), &opened[64..]].concat();
        let mut secret = [0; 32];
        hkdf_sha256_into(&both, None, b"adv_secret", &mut secret).expect("a secret");
        (identity.to_vec(), secret.to_vec())
    }
}

fn agree(ours: &KeyPair, theirs: &[u8; 32]) -> [u8; 32] {
    let theirs = PublicKey::from_djb_public_key_bytes(theirs).expect("a key");
    let agreed = ours.private_key.calculate_agreement(&theirs);
    agreed.expect("an agreement")
}

/// A request of the server's to a device that is to be linked.
pub(crate) fn request(id: &'static str) -> whatsapp_rust::wacore_binary::builder::NodeBuilder {
    node("iq")
        .attr("from", SERVER)
        .attr("type", "set")
        .attr("id", id)
        .attr("xmlns", "md")
}
