//! better-auth's password hash: `hex(salt) ":" hex(scrypt(NFKC(password)))`. Versions 1.2 to 1.7 use it,
//! so that accounts of the previous server can sign in.

use super::strength;
use crate::{Error, Result};
use rand::RngExt;
use scrypt::Params;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use unicode_normalization::UnicodeNormalization;

const KEY_BYTES: usize = 64;

/// How many passwords one process hashes at once. Each takes 32 MiB and a core.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A password that is about to be stored.
pub(super) struct New {
    pub(super) hash: String,
    /// Whether it passes the rule of admins and operators.
    pub(super) fits_admins: bool,
}

impl New {
    /// Hashes a password on a blocking thread, and waits if too many run. `about`: words that others know of the person.
    pub(super) async fn of(password: &str, about: &[&str]) -> Result<Self> {
        Ok(Self {
            fits_admins: strength::fits_admins(password, about),
            hash: hash_off_thread(password.to_owned()).await?,
        })
    }
}

/// Runs [`hash`] on a blocking thread, and waits if too many run.
pub async fn hash_off_thread(password: String) -> Result<String> {
    off_thread(move || hash(&password)).await
}

/// Returns whether `password` has this hash, in constant time. Returns `false` for a malformed hash.
pub async fn verify(stored: String, password: String) -> Result<bool> {
    off_thread(move || {
        let Some((salt, key)) = stored.split_once(':') else {
            return Ok(false);
        };
        let derived = hex::encode(derive(&password, salt)?);
        Ok(derived
            .as_bytes()
            .ct_eq(key.to_lowercase().as_bytes())
            .into())
    })
    .await
}

/// Takes as long as [`verify`]. Used if the user does not exist.
pub async fn verify_nothing(password: &str) -> Result<()> {
    let password = password.to_owned();
    off_thread(move || derive(&password, "00000000000000000000000000000000").map(|_| ())).await
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let Ok(_turn) = AT_ONCE.acquire().await else {
        return Err(Error::invalid("password", "nothing is hashed any more"));
    };
    spawn_blocking(work)
        .await
        .map_err(|error| sqlx::Error::Decode(error.into()))?
}

/// Hashes a password with a new salt. Takes about 0.1 s and 32 MiB, so do not call it on an async thread.
pub fn hash(password: &str) -> Result<String> {
    let salt = hex::encode(rand::rng().random::<[u8; 16]>());
    Ok(format!("{salt}:{}", hex::encode(derive(password, &salt)?)))
}

/// A random password of 20 letters and digits, without those that look alike.
pub fn random() -> String {
    const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut random = rand::rng();
    (0..20)
        .map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]))
        .collect()
}

/// scrypt with N = 2^14, r = 16, p = 1. As in better-auth, the salt is the hex text, not its bytes.
fn derive(password: &str, salt: &str) -> Result<[u8; KEY_BYTES]> {
    let parameters =
        Params::new(14, 16, 1).map_err(|error| Error::invalid("password", error.to_string()))?;
    let normal: String = password.nfkc().collect();
    let mut key = [0; KEY_BYTES];
    scrypt::scrypt(normal.as_bytes(), salt.as_bytes(), &parameters, &mut key)
        .map_err(|error| Error::invalid("password", error.to_string()))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::{derive, hash, random};

    #[derive(serde::Deserialize)]
    struct Vector {
        password: String,
        stored: String,
    }

    #[test]
    fn the_hash_is_better_auths() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../tests/fixtures/password-hashes.json"))
                .expect("the vectors are JSON");
        assert!(vectors.len() > 2);
        for Vector { password, stored } in vectors {
            let (salt, key) = stored.split_once(':').expect("salt:key");
            let derived = derive(&password, salt).expect("a hash");
            assert_eq!(hex::encode(derived), key, "{password:?}");
        }
    }

    #[test]
    fn no_two_hashes_or_random_passwords_are_alike() {
        assert_ne!(hash("same").expect("hash"), hash("same").expect("hash"));
        assert_ne!(random(), random());
    }
}
