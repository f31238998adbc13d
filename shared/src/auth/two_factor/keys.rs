//! How two-factor secrets are stored: encrypted with the secret of sign-in, as better-auth does it.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::Rng;
use sha2::{Digest, Sha256};

/// The length of a nonce, in bytes. It is stored before what it encrypted.
const NONCE: usize = 24;

/// The keys that stored secrets are encrypted with.
#[derive(Clone)]
pub struct Keys(Vec<XChaCha20Poly1305>);

/// What was read, and whether it must be encrypted again because its key is an old one.
pub(super) struct Opened {
    pub(super) text: String,
    pub(super) is_old: bool,
}

impl Keys {
    /// The keys of these secrets of sign-in: the present one, then those that it replaced. A key is the SHA-256 of its secret.
    pub fn new<'secret>(secrets: impl IntoIterator<Item = &'secret [u8]>) -> Self {
        let cipher = |secret: &[u8]| {
            let key: [u8; 32] = Sha256::digest(secret).into();
            XChaCha20Poly1305::new(&Key::from(key))
        };
        Self(secrets.into_iter().map(cipher).collect())
    }

    /// Encrypts with the present key: the nonce and the ciphertext, in hexadecimal.
    pub(super) fn seal(&self, text: &str) -> String {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let cipher = self.0.first().expect("there is a secret of sign-in");
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), text.as_bytes())
            .expect("the text is short");
        hex::encode([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts with any of the keys; `None` if it was encrypted with another secret, or changed.
    pub(super) fn open(&self, sealed: &str) -> Option<Opened> {
        let bytes = hex::decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let nonce = XNonce::from(*nonce);
        self.0.iter().enumerate().find_map(|(at, cipher)| {
            let text = String::from_utf8(cipher.decrypt(&nonce, sealed).ok()?).ok()?;
            Some(Opened {
                text,
                is_old: at > 0,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn what_better_auth_encrypted_is_read_and_nothing_else() {
        let file = include_str!("../../../../api/tests/fixtures/two-factor-exchanges.json");
        let capture: serde_json::Value = serde_json::from_str(file).expect("JSON");
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let secret = text(&capture["secret"]);
        let sealed = text(&capture["stored"]["row"]["secret"]);
        let keys = Keys::new([secret.as_bytes()]);
        let opened = keys.open(&sealed).expect("readable");
        assert_eq!(opened.text, text(&capture["stored"]["key"]));
        assert!(!opened.is_old);
        let rotated = Keys::new([b"a new secret".as_slice(), secret.as_bytes()]);
        assert!(rotated.open(&sealed).expect("readable").is_old);
        assert!(
            Keys::new([b"another secret".as_slice()])
                .open(&sealed)
                .is_none()
        );
        let changed = sealed.replacen(|c| c != '0', "0", 1);
        for wrong in [changed.as_str(), "", "00", "no hexadecimal"] {
            assert!(keys.open(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_is_encrypted_twice_differs_and_is_read() {
        let keys = Keys::new([b"a secret".as_slice()]);
        let [one, two] = [keys.seal("text"), keys.seal("text")];
        assert_ne!(one, two);
        assert_eq!(keys.open(&two).expect("readable").text, "text");
    }
}
