//! A service account's key. It signs the claims for which Google issues a token (RFC 7523, RS256).

use crate::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;
use std::path::Path;

/// The scope of the token.
const SCOPE: &str = "https://www.googleapis.com/auth/calendar.events";
/// How long a token is valid, in seconds: Google's limit.
const LIFETIME: i64 = 3600;

/// A service account.
pub struct ServiceAccount {
    email: String,
    key_id: String,
    /// Where tokens are requested.
    pub(super) token_url: String,
    key: RsaKeyPair,
}

#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key_id: String,
    private_key: String,
    token_uri: String,
}

impl ServiceAccount {
    /// Reads the JSON file that Google's console provides.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |reason: &str| Error::invalid("GOOGLE_SERVICE_ACCOUNT_KEY_FILE", reason);
        let text = std::fs::read_to_string(path).map_err(|_| wrong("cannot be read"))?;
        let file: KeyFile =
            serde_json::from_str(&text).map_err(|_| wrong("is no service account's key"))?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(file.private_key.as_bytes())
            .map_err(|_| wrong("holds no PKCS#8 key"))?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
            .map_err(|_| wrong("holds no RSA key"))?;
        Ok(Self {
            email: file.client_email,
            key_id: file.private_key_id,
            token_url: file.token_uri,
            key,
        })
    }

    /// The signed claims at `now`.
    pub(super) fn assertion(&self, now: DateTime<Utc>) -> Result<String> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id });
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_url,
            "iat": now.timestamp(),
            "exp": now.timestamp() + LIFETIME,
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = SystemRandom::new();
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| Error::invalid("GOOGLE_SERVICE_ACCOUNT_KEY_FILE", "cannot sign"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
