//! The rows of the client's storage, and how they are read and written.

use crate::connection::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::linked_device::{Name, Row, Vault, is_over};
use shared::{Error, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, RwLock};
use tokio::time::sleep;
use whatsapp_rust::wacore::store::error::StoreError;

/// How often a failed database call is repeated, with a pause that doubles: about three seconds, besides the
/// pool's own wait.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The result of the client's storage.
pub(super) type Kept<T> = std::result::Result<T, StoreError>;

/// The client's storage in one epoch.
#[derive(Clone)]
pub(crate) struct Store {
    pub(super) vault: Vault,
    pub(super) connection: Connection,
    /// Locked by operations that read, decide and write.
    pub(super) deciding: Arc<Mutex<()>>,
    /// Held shared by writes of decrypted messages that are not handed on yet, and exclusively by writes that a
    /// message was decrypted, so that the second is never stored without the first.
    pub(super) decrypted: Arc<RwLock<()>>,
}

impl Store {
    pub(crate) fn new(vault: Vault, connection: Connection) -> Self {
        Self {
            vault,
            connection,
            deciding: Arc::default(),
            decrypted: Arc::default(),
        }
    }

    /// Calls the vault, and repeats the call after temporary failures.
    pub(super) async fn keep<T, F>(&self, work: impl Fn(Vault) -> F) -> Kept<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut pause = FIRST_PAUSE;
        for tried in 1.. {
            // A message that was decrypted but not handed on must not be stored as read.
            if self.connection.is_cut() {
                return Err(StoreError::Database(Box::new(Error::Conflict {
                    code: "line_is_cut",
                })));
            }
            let error = match work(self.vault.clone()).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if tried < TRIES && !is_over(&error) && matches!(error, Error::Database(_)) {
                tracing::warn!(%error, tried, "device.store_waits");
                sleep(pause).await;
                pause *= 2;
                continue;
            }
            let reason = match &error {
                over if is_over(over) => "another process has taken the session over",
                Error::Invalid { .. } => {
                    "a part of the session cannot be opened with WA_DEVICE_KEY"
                }
                _ => "the session cannot be kept: the database fails",
            };
            if !self.connection.is_cut() {
                tracing::error!(%error, "device.connection_cut: {reason}");
            }
            self.connection.cut(reason);
            return Err(StoreError::Database(Box::new(error)));
        }
        unreachable!("the loop ends by itself")
    }

    pub(super) async fn get(
        &self,
        kind: &'static str,
        key: &str,
        sub: &str,
    ) -> Kept<Option<Vec<u8>>> {
        self.keep(|vault| async move { vault.get(kind, key, sub).await })
            .await
    }

    pub(super) async fn get_each(&self, names: &[Name]) -> Kept<Vec<Row>> {
        self.keep(|vault| async move { vault.get_each(names).await })
            .await
    }

    pub(super) async fn list(&self, kind: &'static str, key: Option<&str>) -> Kept<Vec<Row>> {
        self.keep(|vault| async move { vault.list(kind, key).await })
            .await
    }

    pub(super) async fn put(&self, rows: &[Row]) -> Kept<()> {
        self.keep(|vault| async move { vault.change(rows, &[]).await })
            .await
    }

    pub(super) async fn put_one(
        &self,
        kind: &'static str,
        key: &str,
        sub: &str,
        value: &[u8],
    ) -> Kept<()> {
        self.put(&[Row::new(Name::new(kind, key, sub), value)])
            .await
    }

    pub(super) async fn remove(&self, kind: &'static str, key: &str, sub: &str) -> Kept<()> {
        self.remove_each(&[Name::new(kind, key, sub)]).await
    }

    pub(super) async fn remove_each(&self, names: &[Name]) -> Kept<()> {
        self.keep(|vault| async move { vault.change(&[], names).await })
            .await
    }

    pub(super) async fn clear(&self, kind: &'static str, key: Option<&str>) -> Kept<()> {
        self.keep(|vault| async move { vault.clear(kind, key).await })
            .await
    }

    /// Deletes values with a number below this. Returns how many.
    pub(super) async fn remove_below(&self, kind: &'static str, ordinal: i64) -> Kept<u32> {
        let gone = self
            .keep(|vault| async move { vault.remove_below(kind, None, ordinal).await })
            .await?;
        Ok(u32::try_from(gone).unwrap_or(u32::MAX))
    }

    pub(super) async fn take(
        &self,
        kind: &'static str,
        key: &str,
        sub: &str,
    ) -> Kept<Option<Vec<u8>>> {
        let name = &Name::new(kind, key, sub);
        self.keep(|vault| async move { vault.take(name).await })
            .await
    }
}

pub(super) fn to_json(value: &impl Serialize) -> Kept<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| StoreError::Serialization(Box::new(error)))
}

pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Kept<T> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::Serialization(Box::new(error)))
}

/// Seconds since 1970 by this host's clock, which the client also uses.
#[allow(
    clippy::disallowed_methods,
    reason = "the client's own bookkeeping; nothing of ours is decided by it"
)]
pub(super) fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Joins two names to one key. Neither contains this character.
pub(super) fn pair(one: &str, other: &str) -> String {
    format!("{one}\u{1f}{other}")
}
