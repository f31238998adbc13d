//! The rows of the client's storage, and how they are read and written.

use crate::line::Line;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::linked_device::{Name, Row, Vault, is_over};
use shared::{Error, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, RwLock};
use tokio::time::sleep;
use whatsapp_rust::wacore::store::error::StoreError;

/// A failure of the database is waited out so often, for a doubling time from the first pause on: about
/// three seconds, beside what the pool waits itself.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// What the client's storage answers.
pub(super) type Kept<T> = std::result::Result<T, StoreError>;

/// The client's storage in one epoch.
#[derive(Clone)]
pub(crate) struct Store {
    pub(super) vault: Vault,
    pub(super) line: Line,
    /// Held by what reads, decides and writes.
    pub(super) deciding: Arc<Mutex<()>>,
    /// Shared by what writes down messages that were decrypted and not handed on, held alone by what writes
    /// down that they were decrypted: never the second without the first.
    pub(super) decrypted: Arc<RwLock<()>>,
}

impl Store {
    pub(crate) fn new(vault: Vault, line: Line) -> Self {
        Self {
            vault,
            line,
            deciding: Arc::default(),
            decrypted: Arc::default(),
        }
    }

    /// Does something with the session, through passing failures.
    pub(super) async fn keep<T, F>(&self, work: impl Fn(Vault) -> F) -> Kept<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut pause = FIRST_PAUSE;
        for tried in 1.. {
            // What this client has decrypted and could not hand on must not be kept as read.
            if self.line.is_cut() {
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
            if !self.line.is_cut() {
                tracing::error!(%error, "device.line_cut: {reason}");
            }
            self.line.cut(reason);
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

    /// Removes what has a number below this; returns how much.
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

/// Seconds since 1970, as the client counts: it asks for what is older by this host's clock.
#[allow(
    clippy::disallowed_methods,
    reason = "the client's own bookkeeping; nothing of ours is decided by it"
)]
pub(super) fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Two names as one key; neither has this character.
pub(super) fn pair(one: &str, other: &str) -> String {
    format!("{one}\u{1f}{other}")
}
