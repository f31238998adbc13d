//! The device's settings.

use clap::Parser;
use shared::config::{Common, Device, Problems, ProcessKind, ProviderKind};
use shared::jobs::Announce;
use shared::{App, Error, db};
use std::sync::Arc;

/// Links a phone's WhatsApp and sends its messages (`WA_PROVIDER=qr_local`). If you start two, the second
/// waits until the first ends.
#[derive(Clone, Debug, Parser)]
#[command(name = "device", version)]
pub struct Settings {
    /// The settings that every process has.
    #[command(flatten)]
    pub common: Common,
    /// How a phone is linked.
    #[command(flatten)]
    pub device: Device,
    /// Check the settings, print every wrong one, and exit. Connects to nothing.
    #[arg(long)]
    pub check: bool,
    /// A mock of WhatsApp, which only the tests' build can be pointed to.
    #[cfg(feature = "mock-server")]
    #[arg(long, env = "WA_MOCK_URL")]
    pub wa_mock_url: Option<String>,
}

impl Settings {
    /// The operations' handle for these settings. Fails with every wrong setting.
    pub fn app(&self) -> Result<App, Problems> {
        let mut problems = Problems::default();
        if self.common.whatsapp.wa_provider != ProviderKind::QrLocal {
            let reason = "must be qr_local: the device process is for that provider only";
            problems.add(Error::invalid("WA_PROVIDER", reason));
        }
        problems.check(self.device.key());
        problems.check(self.device.pairing_phone());
        let app = problems.collect(self.common.app(ProcessKind {
            connection_name: "property-lounge-device",
            instance: Arc::from("device"),
            pool: db::worker_pool,
            announce: Announce::Everyone,
        }));
        problems.finish(app)
    }
}
