//! The account's settings, which WhatsApp synchronises: keys, versions and codes of changes.

use super::base::{Kept, Store, from_json, to_json};
use async_trait::async_trait;
use shared::linked_device::{Name, Row};
use std::collections::HashMap;
use whatsapp_rust::wacore::appstate::hash::HashState;
use whatsapp_rust::wacore::appstate::processor::AppStateMutationMAC;
use whatsapp_rust::wacore::store::traits::{AppStateSyncKey, AppSyncStore};

const SYNC_KEY: &str = "sync_key";
const VERSION: &str = "sync_version";
const MAC: &str = "sync_mac";

fn figures(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string grows");
        text
    })
}

fn bytes(figures: &str) -> Option<Vec<u8>> {
    (0..figures.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(figures.get(at..at + 2)?, 16).ok())
        .collect()
}

fn macs(name: &str, index_macs: impl Iterator<Item = impl AsRef<[u8]>>) -> Vec<Name> {
    index_macs
        .map(|mac| Name::new(MAC, name, figures(mac.as_ref())))
        .collect()
}

#[async_trait]
impl AppSyncStore for Store {
    /// A value that cannot be read counts as absent: the client requests it again.
    async fn get_sync_key(&self, key_id: &[u8]) -> Kept<Option<AppStateSyncKey>> {
        let found = self.get(SYNC_KEY, &figures(key_id), "").await?;
        Ok(found.and_then(|key| from_json(&key).ok()))
    }

    async fn set_sync_key(&self, key_id: &[u8], key: AppStateSyncKey) -> Kept<()> {
        self.put_one(SYNC_KEY, &figures(key_id), "", &to_json(&key)?)
            .await
    }

    async fn get_version(&self, name: &str) -> Kept<HashState> {
        let found = self.get(VERSION, name, "").await?;
        Ok(found
            .and_then(|state| from_json(&state).ok())
            .unwrap_or_default())
    }

    async fn set_version(&self, name: &str, state: HashState) -> Kept<()> {
        self.put_one(VERSION, name, "", &to_json(&state)?).await
    }

    async fn put_mutation_macs(
        &self,
        name: &str,
        _: u64,
        mutations: &[AppStateMutationMAC],
    ) -> Kept<()> {
        let rows: Vec<Row> = mutations
            .iter()
            .map(|mac| {
                let name = Name::new(MAC, name, figures(&mac.index_mac));
                Row::new(name, mac.value_mac.clone())
            })
            .collect();
        self.put(&rows).await
    }

    async fn get_mutation_mac(&self, name: &str, index_mac: &[u8]) -> Kept<Option<Vec<u8>>> {
        self.get(MAC, name, &figures(index_mac)).await
    }

    async fn get_mutation_macs(
        &self,
        name: &str,
        index_macs: &[[u8; 32]],
    ) -> Kept<HashMap<[u8; 32], Vec<u8>>> {
        let found = self.get_each(&macs(name, index_macs.iter())).await?;
        Ok(found
            .into_iter()
            .filter_map(|row| Some((bytes(&row.name.sub)?.try_into().ok()?, row.value)))
            .collect())
    }

    async fn delete_mutation_macs(&self, name: &str, index_macs: &[Vec<u8>]) -> Kept<()> {
        self.remove_each(&macs(name, index_macs.iter())).await
    }

    async fn clear_mutation_macs(&self, name: &str) -> Kept<()> {
        self.clear(MAC, Some(name)).await
    }

    async fn get_latest_sync_key_id(&self) -> Kept<Option<Vec<u8>>> {
        let keys = self.list(SYNC_KEY, None).await?;
        Ok(keys
            .iter()
            .filter(|row| from_json::<AppStateSyncKey>(&row.value).is_ok())
            .filter_map(|row| bytes(&row.name.key))
            .max())
    }
}
