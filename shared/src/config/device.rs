//! Settings of the linked device.

use crate::linked_device::DeviceKey;
use crate::phone::Phone;
use crate::{Error, Result};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use std::net::IpAddr;

/// Settings of the linked phone (`WA_PROVIDER=qr_local`).
#[derive(Args, Clone, Debug)]
pub struct Device {
    /// Encrypts the session in the database: 64 hexadecimal digits, as `openssl rand -hex 32` prints them.
    /// Required for `qr_local`; the same on every host.
    #[arg(long, env = "WA_DEVICE_KEY", hide_env_values = true)]
    pub wa_device_key: Option<SecretString>,
    /// The number of the phone to link. If it is set, a pairing code is requested when the connection drops
    /// before the QR code was scanned.
    #[arg(long, env = "WA_PAIRING_PHONE")]
    pub wa_pairing_phone: Option<String>,
    /// The previous server's folder of the session. Not read: the session is in the database.
    #[arg(long, env = "WA_QR_AUTH_PATH")]
    pub wa_qr_auth_path: Option<String>,
    /// The address on which the device's health is served.
    #[arg(long, env = "DEVICE_HOST", default_value = "127.0.0.1")]
    pub device_host: IpAddr,
    /// The port of the device's health; if it is taken, the log warns. 0 picks a free port.
    #[arg(long, env = "DEVICE_PORT", default_value_t = 3003)]
    pub device_port: u16,
}

impl Device {
    /// The key that encrypts the session.
    pub fn key(&self) -> Result<DeviceKey> {
        let given = self.wa_device_key.as_ref().map(ExposeSecret::expose_secret);
        let given = given.map(str::trim).filter(|given| !given.is_empty());
        let reason =
            "must be set for WA_PROVIDER=qr_local: 64 hexadecimal figures, `openssl rand -hex 32`";
        DeviceKey::from_hex(given.ok_or_else(|| Error::invalid("WA_DEVICE_KEY", reason))?)
    }

    /// The phone to link with a pairing code.
    pub fn pairing_phone(&self) -> Result<Option<Phone>> {
        match self.wa_pairing_phone.as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some(given) => Phone::from_human("WA_PAIRING_PHONE", given).map(Some),
        }
    }
}
