//! Secrets of messages, with which later changes of them can be read.

use super::base::{Kept, Store, from_json, pair, to_json};
use async_trait::async_trait;
use shared::linked_device::{Name, Row};
use std::collections::BTreeMap;
use whatsapp_rust::wacore::store::traits::{MsgSecretEntry, MsgSecretStore};

const SECRET: &str = "message_secret";

fn name_of(chat: &str, sender: &str, msg_id: &str) -> Name {
    Name::new(SECRET, chat, pair(sender, msg_id))
}

/// A secret that never expires is never below any time.
fn ordinal(expires_at: i64) -> i64 {
    if expires_at == 0 {
        i64::MAX
    } else {
        expires_at
    }
}

/// The later of two expiry times; never if one of them is never.
fn later(one: i64, other: i64) -> i64 {
    if one == 0 || other == 0 {
        0
    } else {
        one.max(other)
    }
}

#[async_trait]
impl MsgSecretStore for Store {
    async fn put_msg_secrets(&self, entries: Vec<MsgSecretEntry>) -> Kept<usize> {
        let _deciding = self.deciding.lock().await;
        let mut merged: BTreeMap<Name, MsgSecretEntry> = BTreeMap::new();
        let names: Vec<Name> = entries
            .iter()
            .map(|entry| name_of(&entry.chat, &entry.sender, &entry.msg_id))
            .collect();
        for row in self.get_each(&names).await? {
            if let Ok(known) = from_json(&row.value) {
                merged.insert(row.name, known);
            }
        }
        for (name, mut entry) in names.into_iter().zip(entries) {
            if let Some(known) = merged.get(&name) {
                entry.expires_at = later(known.expires_at, entry.expires_at);
                entry.message_ts = known.message_ts.max(entry.message_ts);
            }
            merged.insert(name, entry);
        }
        let rows = merged
            .into_iter()
            .map(|(name, entry)| {
                Ok(Row::new(name, to_json(&entry)?).numbered(ordinal(entry.expires_at)))
            })
            .collect::<Kept<Vec<Row>>>()?;
        self.put(&rows).await?;
        Ok(rows.len())
    }

    async fn get_msg_secret(
        &self,
        chat: &str,
        sender: &str,
        msg_id: &str,
    ) -> Kept<Option<Vec<u8>>> {
        let found = self.get_msg_secret_with_ts(chat, sender, msg_id).await?;
        Ok(found.map(|(secret, _)| secret))
    }

    async fn get_msg_secret_with_ts(
        &self,
        chat: &str,
        sender: &str,
        msg_id: &str,
    ) -> Kept<Option<(Vec<u8>, i64)>> {
        let Some(found) = self.get(SECRET, chat, &pair(sender, msg_id)).await? else {
            return Ok(None);
        };
        let entry: MsgSecretEntry = from_json(&found)?;
        Ok(Some((entry.secret.to_vec(), entry.message_ts)))
    }

    async fn delete_expired_msg_secrets(&self, cutoff_timestamp: i64) -> Kept<u32> {
        self.remove_below(SECRET, cutoff_timestamp.saturating_add(1))
            .await
    }
}
