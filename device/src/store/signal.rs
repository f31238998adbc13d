//! The data of the Signal protocol: identities, sessions, prekeys, sender keys.

use super::base::{Kept, Store};
use async_trait::async_trait;
use shared::linked_device::{Name, Row};
use std::sync::Arc;
use whatsapp_rust::bytes::Bytes;
use whatsapp_rust::wacore::store::error::StoreError;
use whatsapp_rust::wacore::store::traits::SignalStore;

const IDENTITY: &str = "identity";
const SESSION: &str = "session";
const PREKEY: &str = "prekey";
const SIGNED_PREKEY: &str = "signed_prekey";
const SENDER_KEY: &str = "sender_key";

fn row(kind: &'static str, key: &str, value: &[u8]) -> Row {
    Row::new(Name::new(kind, key, ""), value)
}

fn numbered(kind: &'static str, id: u32, value: &[u8]) -> Row {
    row(kind, &id.to_string(), value).numbered(i64::from(id))
}

fn id_of(row: &Row) -> u32 {
    u32::try_from(row.ordinal).unwrap_or_default()
}

#[async_trait]
impl SignalStore for Store {
    async fn put_identity(&self, address: &str, key: [u8; 32]) -> Kept<()> {
        let _alone = self.decrypted.write().await;
        self.put_one(IDENTITY, address, "", &key).await
    }

    async fn put_identities_batch(&self, identities: &[(Arc<str>, [u8; 32])]) -> Kept<()> {
        let _alone = self.decrypted.write().await;
        let rows: Vec<Row> = identities
            .iter()
            .map(|(address, key)| row(IDENTITY, address, key))
            .collect();
        self.put(&rows).await
    }

    async fn load_identity(&self, address: &str) -> Kept<Option<[u8; 32]>> {
        let found = self.get(IDENTITY, address, "").await?;
        found
            .map(|key| {
                let wrong = || StoreError::Validation("an identity of another length".to_owned());
                key.try_into().map_err(|_| wrong())
            })
            .transpose()
    }

    async fn delete_identity(&self, address: &str) -> Kept<()> {
        self.remove(IDENTITY, address, "").await
    }

    async fn get_session(&self, address: &str) -> Kept<Option<Bytes>> {
        Ok(self.get(SESSION, address, "").await?.map(Bytes::from))
    }

    async fn put_session(&self, address: &str, session: &[u8]) -> Kept<()> {
        let _alone = self.decrypted.write().await;
        self.put_one(SESSION, address, "", session).await
    }

    async fn put_sessions_batch(&self, sessions: &[(Arc<str>, Bytes)]) -> Kept<()> {
        let _alone = self.decrypted.write().await;
        let rows: Vec<Row> = sessions
            .iter()
            .map(|(address, session)| row(SESSION, address, session))
            .collect();
        self.put(&rows).await
    }

    async fn delete_session(&self, address: &str) -> Kept<()> {
        self.remove(SESSION, address, "").await
    }

    /// Addresses are `user@server.0` and `user:device@server.0`.
    async fn has_signal_state_for_user(&self, user: &str) -> Kept<bool> {
        let beginnings = &[format!("{user}@"), format!("{user}:")];
        self.keep(|vault| async move { vault.has_key(&[SESSION, IDENTITY], beginnings).await })
            .await
    }

    /// The client's own record knows whether a key was uploaded. Nothing reads it here.
    async fn store_prekey(&self, id: u32, record: &[u8], _: bool) -> Kept<()> {
        self.put(&[numbered(PREKEY, id, record)]).await
    }

    async fn store_prekeys_batch(&self, keys: &[(u32, Bytes)], _: bool) -> Kept<()> {
        let rows: Vec<Row> = keys
            .iter()
            .map(|(id, record)| numbered(PREKEY, *id, record))
            .collect();
        self.put(&rows).await
    }

    async fn load_prekey(&self, id: u32) -> Kept<Option<Bytes>> {
        Ok(self
            .get(PREKEY, &id.to_string(), "")
            .await?
            .map(Bytes::from))
    }

    async fn load_prekeys_batch(&self, ids: &[u32]) -> Kept<Vec<(u32, Bytes)>> {
        let names: Vec<Name> = ids
            .iter()
            .map(|id| Name::new(PREKEY, id.to_string(), ""))
            .collect();
        let found = self.get_each(&names).await?;
        Ok(found
            .into_iter()
            .map(|row| (id_of(&row), Bytes::from(row.value)))
            .collect())
    }

    async fn mark_prekeys_uploaded(&self, _: &[u32]) -> Kept<()> {
        Ok(())
    }

    async fn remove_prekey(&self, id: u32) -> Kept<()> {
        let _alone = self.decrypted.write().await;
        self.remove(PREKEY, &id.to_string(), "").await
    }

    async fn get_max_prekey_id(&self) -> Kept<u32> {
        self.keep(|vault| async move { vault.greatest(PREKEY).await })
            .await
            .map(|greatest| u32::try_from(greatest.unwrap_or(0)).unwrap_or_default())
    }

    async fn store_signed_prekey(&self, id: u32, record: &[u8]) -> Kept<()> {
        self.put(&[numbered(SIGNED_PREKEY, id, record)]).await
    }

    async fn load_signed_prekey(&self, id: u32) -> Kept<Option<Vec<u8>>> {
        self.get(SIGNED_PREKEY, &id.to_string(), "").await
    }

    async fn load_all_signed_prekeys(&self) -> Kept<Vec<(u32, Vec<u8>)>> {
        let rows = self.list(SIGNED_PREKEY, None).await?;
        Ok(rows
            .into_iter()
            .map(|row| (id_of(&row), row.value))
            .collect())
    }

    async fn remove_signed_prekey(&self, id: u32) -> Kept<()> {
        self.remove(SIGNED_PREKEY, &id.to_string(), "").await
    }

    async fn put_sender_key(&self, address: &str, record: &[u8]) -> Kept<()> {
        let _alone = self.decrypted.write().await;
        self.put_one(SENDER_KEY, address, "", record).await
    }

    async fn put_sender_keys_batch(&self, sender_keys: &[(Arc<str>, Bytes)]) -> Kept<()> {
        let _alone = self.decrypted.write().await;
        let rows: Vec<Row> = sender_keys
            .iter()
            .map(|(address, record)| row(SENDER_KEY, address, record))
            .collect();
        self.put(&rows).await
    }

    async fn get_sender_key(&self, address: &str) -> Kept<Option<Vec<u8>>> {
        self.get(SENDER_KEY, address, "").await
    }

    async fn delete_sender_key(&self, address: &str) -> Kept<()> {
        self.remove(SENDER_KEY, address, "").await
    }
}
