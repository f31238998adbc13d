//! Our keys, and the account that we are linked to.

use super::base::{Kept, Store, from_json, to_json};
use async_trait::async_trait;
use shared::linked_device::Vault;
use std::sync::Arc;
use whatsapp_rust::wacore::store::Device;
use whatsapp_rust::wacore::store::device::DEVICE_PROPS;
use whatsapp_rust::wacore::store::traits::DeviceStore;

const DEVICE: &str = "device";

/// Whether a phone is linked, or was until it unlinked us.
pub(crate) async fn is_linked(vault: &Vault) -> shared::Result<bool> {
    let found = vault.get(DEVICE, "", "").await?;
    Ok(found
        .and_then(|device| from_json::<Device>(&device).ok())
        .is_some_and(|device| device.pn.is_some()))
}

#[async_trait]
impl DeviceStore for Store {
    async fn save(&self, device: &Device) -> Kept<()> {
        // Several tasks store snapshots: one after the other.
        let _deciding = self.deciding.lock().await;
        self.put_one(DEVICE, "", "", &to_json(device)?).await
    }

    async fn load(&self) -> Kept<Option<Device>> {
        let Some(found) = self.get(DEVICE, "", "").await? else {
            return Ok(None);
        };
        let mut device: Device = from_json(&found)?;
        // Not part of the stored value, and empty without this.
        device.device_props = Arc::new(DEVICE_PROPS.clone());
        Ok(Some(device))
    }

    async fn exists(&self) -> Kept<bool> {
        Ok(self.get(DEVICE, "", "").await?.is_some())
    }

    async fn create(&self) -> Kept<i32> {
        if !self.exists().await? {
            self.save(&Device::new()).await?;
        }
        Ok(1)
    }
}
