//! AES-256-GCM with a fresh nonce for each value, and ids that nobody can compute without the key.

use crate::id::MessageId;
use crate::{Error, Result};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;

/// The key that seals sessions (`WA_DEVICE_KEY`).
#[derive(Clone)]
pub struct DeviceKey {
    sealing: Arc<LessSafeKey>,
    /// A key of its own, derived from the same secret.
    naming: Arc<hmac::Key>,
}

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DeviceKey")
    }
}

impl DeviceKey {
    /// Parses 64 hexadecimal digits.
    pub fn from_hex(given: &str) -> Result<Self> {
        let wrong = || Error::invalid("WA_DEVICE_KEY", "must be 64 hexadecimal figures");
        let bytes = hex::decode(given).map_err(|_| wrong())?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| wrong())?;
        let naming = hmac::sign(&hmac::Key::new(HMAC_SHA256, &bytes), b"ids of messages");
        Ok(Self {
            sealing: Arc::new(LessSafeKey::new(key)),
            naming: Arc::new(hmac::Key::new(HMAC_SHA256, naming.as_ref())),
        })
    }

    /// An id of the message for WhatsApp, in hexadecimal: always the same, and not to be told from the row's own id, which users
    /// of the api see.
    pub fn name_of(&self, message: MessageId) -> String {
        hex::encode_upper(hmac::sign(&self.naming, message.0.as_bytes()))
    }

    pub(super) fn seal(&self, name: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        let random = SystemRandom::new();
        random.fill(&mut nonce).map_err(|_| cannot("sealed"))?;
        let mut sealed = nonce.to_vec();
        let mut text = plain.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.sealing
            .seal_in_place_append_tag(nonce, Aad::from(name), &mut text)
            .map_err(|_| cannot("sealed"))?;
        sealed.append(&mut text);
        Ok(sealed)
    }

    pub(super) fn open(&self, name: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let (nonce, text) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or_else(|| cannot("opened"))?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut text = text.to_vec();
        let plain = self
            .sealing
            .open_in_place(nonce, Aad::from(name), &mut text);
        let length = plain.map_err(|_| cannot("opened"))?.len();
        text.truncate(length);
        Ok(text)
    }
}

fn cannot(what: &str) -> Error {
    let reason = format!("the session cannot be {what} with this key");
    Error::invalid("WA_DEVICE_KEY", reason)
}

#[cfg(test)]
mod tests {
    use super::DeviceKey;

    #[test]
    fn a_value_opens_under_its_own_name_and_key_alone() {
        let key = DeviceKey::from_hex(&"0f".repeat(32)).expect("a key");
        let other = DeviceKey::from_hex(&"f0".repeat(32)).expect("a key");
        let sealed = key.seal(b"session\0a\0", b"secret").expect("sealed");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(
            key.open(b"session\0a\0", &sealed).expect("opened"),
            b"secret"
        );
        assert!(key.open(b"session\0b\0", &sealed).is_err());
        assert!(other.open(b"session\0a\0", &sealed).is_err());
        assert!(key.open(b"session\0a\0", &sealed[..20]).is_err());
        assert_ne!(
            sealed,
            key.seal(b"session\0a\0", b"secret").expect("sealed")
        );
    }

    #[test]
    fn a_key_that_is_none_is_refused_without_being_repeated() {
        let error = DeviceKey::from_hex("not-hex").expect_err("no key");
        assert!(!error.to_string().contains("not-hex"));
        assert!(DeviceKey::from_hex(&"0f".repeat(16)).is_err());
    }
}
