//! The data of WhatsApp's protocol: devices, LIDs, tokens, sent messages, and received messages that are not
//! handed on yet.

use super::base::{Kept, Store, from_json, now, pair, to_json};
use async_trait::async_trait;
use shared::linked_device::{Name, Row};
use whatsapp_rust::wacore::store::traits::{
    DeviceListRecord, LidPnMappingEntry, PendingInboundKey, PendingInboundRow, ProtocolStore,
    TcTokenEntry,
};

const GROUP_DEVICE: &str = "group_device";
const LID: &str = "lid";
const LID_OF_PHONE: &str = "lid_of_phone";
const BASE_KEY: &str = "base_key";
const DEVICES: &str = "devices";
const GROUP: &str = "group";
const TOKEN: &str = "token";
const SENT: &str = "sent";
const PENDING: &str = "pending";

/// How long keys of retries are kept, in seconds.
const KEEP_BASE_KEYS: i64 = 7 * 24 * 60 * 60;

#[async_trait]
impl ProtocolStore for Store {
    async fn get_sender_key_devices(&self, group_jid: &str) -> Kept<Vec<(String, bool)>> {
        let rows = self.list(GROUP_DEVICE, Some(group_jid)).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.name.sub, row.ordinal == 1))
            .collect())
    }

    async fn set_sender_key_status(&self, group_jid: &str, entries: &[(&str, bool)]) -> Kept<()> {
        let rows: Vec<Row> = entries
            .iter()
            .map(|(device, has_key)| {
                let name = Name::new(GROUP_DEVICE, group_jid, *device);
                Row::new(name, []).numbered(i64::from(*has_key))
            })
            .collect();
        self.put(&rows).await
    }

    async fn clear_sender_key_devices(&self, group_jid: &str) -> Kept<()> {
        self.clear(GROUP_DEVICE, Some(group_jid)).await
    }

    async fn delete_sender_key_device_rows(&self, device_jids: &[&str]) -> Kept<()> {
        let rows = self.list(GROUP_DEVICE, None).await?;
        let gone: Vec<Name> = rows
            .into_iter()
            .map(|row| row.name)
            .filter(|name| device_jids.contains(&name.sub.as_str()))
            .collect();
        self.remove_each(&gone).await
    }

    async fn clear_all_sender_key_devices(&self) -> Kept<()> {
        self.clear(GROUP_DEVICE, None).await
    }

    async fn get_lid_mapping(&self, lid: &str) -> Kept<Option<LidPnMappingEntry>> {
        let found = self.get(LID, lid, "").await?;
        found.map(|entry| from_json(&entry)).transpose()
    }

    async fn get_pn_mapping(&self, phone: &str) -> Kept<Option<LidPnMappingEntry>> {
        let Some(lid) = self.get(LID_OF_PHONE, phone, "").await? else {
            return Ok(None);
        };
        let entry = self.get_lid_mapping(&String::from_utf8_lossy(&lid)).await?;
        // The LID can belong to another phone by now.
        Ok(entry.filter(|entry| entry.phone_number == phone))
    }

    async fn put_lid_mapping(&self, entry: &LidPnMappingEntry) -> Kept<()> {
        self.put_lid_mappings(std::slice::from_ref(entry)).await
    }

    async fn put_lid_mappings(&self, entries: &[LidPnMappingEntry]) -> Kept<()> {
        let mut rows = Vec::with_capacity(entries.len() * 2);
        for entry in entries {
            rows.push(Row::new(Name::new(LID, &entry.lid, ""), to_json(entry)?));
            let of_phone = Name::new(LID_OF_PHONE, &entry.phone_number, "");
            rows.push(Row::new(of_phone, entry.lid.as_bytes()));
        }
        self.put(&rows).await
    }

    async fn get_all_lid_mappings(&self) -> Kept<Vec<LidPnMappingEntry>> {
        let rows = self.list(LID, None).await?;
        rows.iter().map(|row| from_json(&row.value)).collect()
    }

    async fn save_base_key(&self, address: &str, message_id: &str, base_key: &[u8]) -> Kept<()> {
        let row = Row::new(Name::new(BASE_KEY, address, message_id), base_key);
        self.put(&[row.numbered(now())]).await
    }

    async fn has_same_base_key(
        &self,
        address: &str,
        message_id: &str,
        current_base_key: &[u8],
    ) -> Kept<bool> {
        let found = self.get(BASE_KEY, address, message_id).await?;
        Ok(found.is_some_and(|key| key == current_base_key))
    }

    async fn delete_base_key(&self, address: &str, message_id: &str) -> Kept<()> {
        self.remove(BASE_KEY, address, message_id).await
    }

    async fn update_device_list(&self, record: DeviceListRecord) -> Kept<()> {
        self.update_device_lists(vec![record]).await
    }

    async fn update_device_lists(&self, records: Vec<DeviceListRecord>) -> Kept<()> {
        let rows = records
            .iter()
            .map(|record| {
                let name = Name::new(DEVICES, &record.user, "");
                Ok(Row::new(name, to_json(record)?))
            })
            .collect::<Kept<Vec<Row>>>()?;
        self.put(&rows).await
    }

    async fn get_devices(&self, user: &str) -> Kept<Option<DeviceListRecord>> {
        let found = self.get(DEVICES, user, "").await?;
        found.map(|record| from_json(&record)).transpose()
    }

    async fn delete_devices(&self, user: &str) -> Kept<()> {
        self.remove(DEVICES, user, "").await
    }

    async fn get_group_metadata(&self, group_jid: &str) -> Kept<Option<Vec<u8>>> {
        self.get(GROUP, group_jid, "").await
    }

    async fn put_group_metadata(&self, group_jid: &str, blob: &[u8]) -> Kept<()> {
        self.put_one(GROUP, group_jid, "", blob).await
    }

    async fn delete_group_metadata(&self, group_jid: &str) -> Kept<()> {
        self.remove(GROUP, group_jid, "").await
    }

    async fn get_tc_token(&self, jid: &str) -> Kept<Option<TcTokenEntry>> {
        let found = self.get(TOKEN, jid, "").await?;
        found.map(|entry| from_json(&entry)).transpose()
    }

    async fn put_tc_token(&self, jid: &str, entry: &TcTokenEntry) -> Kept<()> {
        self.put_one(TOKEN, jid, "", &to_json(entry)?).await
    }

    async fn delete_tc_token(&self, jid: &str) -> Kept<()> {
        self.remove(TOKEN, jid, "").await
    }

    async fn get_all_tc_token_jids(&self) -> Kept<Vec<String>> {
        let rows = self.list(TOKEN, None).await?;
        Ok(rows.into_iter().map(|row| row.name.key).collect())
    }

    async fn delete_expired_tc_tokens(&self, token_cutoff: i64, sender_cutoff: i64) -> Kept<u32> {
        let _deciding = self.deciding.lock().await;
        let mut gone = Vec::new();
        for row in self.list(TOKEN, None).await? {
            let entry: TcTokenEntry = from_json(&row.value)?;
            let token_is_over = entry.token.is_empty() || entry.token_timestamp < token_cutoff;
            let sender_is_over = entry.sender_timestamp.is_none_or(|at| at < sender_cutoff);
            if token_is_over && sender_is_over {
                gone.push(row.name);
            }
        }
        self.remove_each(&gone).await?;
        Ok(u32::try_from(gone.len()).unwrap_or(u32::MAX))
    }

    async fn touch_tc_token_sender_timestamp(&self, jid: &str, sender_timestamp: i64) -> Kept<()> {
        let _deciding = self.deciding.lock().await;
        let mut entry = self.get_tc_token(jid).await?.unwrap_or(TcTokenEntry {
            token: Vec::new(),
            token_timestamp: sender_timestamp,
            sender_timestamp: None,
        });
        let latest = entry.sender_timestamp.unwrap_or(sender_timestamp);
        entry.sender_timestamp = Some(latest.max(sender_timestamp));
        self.put_tc_token(jid, &entry).await
    }

    async fn store_received_tc_token(
        &self,
        jid: &str,
        token: &[u8],
        token_timestamp: i64,
    ) -> Kept<()> {
        let _deciding = self.deciding.lock().await;
        let known = self.get_tc_token(jid).await?;
        let is_older = known.as_ref().is_some_and(|known| {
            !known.token.is_empty() && token_timestamp < known.token_timestamp
        });
        if is_older {
            return Ok(());
        }
        let entry = TcTokenEntry {
            token: token.to_vec(),
            token_timestamp,
            sender_timestamp: known.and_then(|known| known.sender_timestamp),
        };
        self.put_tc_token(jid, &entry).await
    }

    async fn store_sent_message(
        &self,
        chat_jid: &str,
        message_id: &str,
        payload: &[u8],
    ) -> Kept<()> {
        let row = Row::new(Name::new(SENT, chat_jid, message_id), payload);
        self.put(&[row.numbered(now())]).await
    }

    async fn take_sent_message(&self, chat_jid: &str, message_id: &str) -> Kept<Option<Vec<u8>>> {
        self.take(SENT, chat_jid, message_id).await
    }

    async fn delete_expired_sent_messages(&self, cutoff_timestamp: i64) -> Kept<u32> {
        // The client never deletes these itself.
        self.remove_below(BASE_KEY, now() - KEEP_BASE_KEYS).await?;
        self.remove_below(SENT, cutoff_timestamp).await
    }

    async fn store_pending_inbound(
        &self,
        chat: &str,
        sender: &str,
        id: &str,
        message: &[u8],
    ) -> Kept<()> {
        let _shared = self.decrypted.read().await;
        let name = Name::new(PENDING, chat, pair(sender, id));
        self.put(&[Row::new(name, message).numbered(now())]).await
    }

    async fn get_pending_inbound(
        &self,
        chat: &str,
        sender: &str,
        id: &str,
    ) -> Kept<Option<Vec<u8>>> {
        self.get(PENDING, chat, &pair(sender, id)).await
    }

    async fn delete_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Kept<()> {
        self.remove(PENDING, chat, &pair(sender, id)).await
    }

    async fn delete_expired_pending_inbound(&self, cutoff_timestamp: i64) -> Kept<u32> {
        self.remove_below(PENDING, cutoff_timestamp).await
    }

    async fn store_pending_inbound_batch(&self, rows: &[PendingInboundRow<'_>]) -> Kept<()> {
        let _shared = self.decrypted.read().await;
        let rows: Vec<Row> = rows
            .iter()
            .map(|row| {
                let name = Name::new(PENDING, row.chat, pair(row.sender, row.id));
                Row::new(name, row.message).numbered(now())
            })
            .collect();
        self.put(&rows).await
    }

    async fn delete_pending_inbound_batch(&self, keys: &[PendingInboundKey<'_>]) -> Kept<()> {
        let names: Vec<Name> = keys
            .iter()
            .map(|key| Name::new(PENDING, key.chat, pair(key.sender, key.id)))
            .collect();
        self.remove_each(&names).await
    }
}
