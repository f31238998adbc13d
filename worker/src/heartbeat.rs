//! The heartbeat: tells a service outside that all is well, which calls a person when nothing is heard.
//!
//! A worker that hangs, a host that is gone and a network that is cut cannot report themselves. Their silence does.

use crate::process::Process;
use secrecy::{ExposeSecret, SecretString};
use shared::{App, Result, distribution, providers};
use std::time::Duration;
use tokio::time::sleep;

/// How often the address is asked for.
const EVERY: Duration = Duration::from_secs(60);
/// After a failure it is tried again sooner.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Runs until the process must stop. Without an address it returns at once.
pub(crate) async fn run(process: &Process, url: Option<&SecretString>) {
    let Some(url) = url.filter(|url| !url.expose_secret().is_empty()) else {
        return;
    };
    let mut stop = process.stop.clone();
    while !*stop.borrow() {
        let wait = match beat(&process.app, url).await {
            Ok(true) => EVERY,
            Ok(false) => {
                tracing::warn!(
                    "worker.no_heartbeat: offers are overdue, or the audit does not run"
                );
                AFTER_FAILURE
            }
            Err(error) => {
                tracing::warn!(%error, "worker.no_heartbeat");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = sleep(wait) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Returns whether all is well, and so whether the address was asked for.
async fn beat(app: &App, url: &SecretString) -> Result<bool> {
    if !distribution::punctuality(app).await?.is_well() {
        return Ok(false);
    }
    providers::ask_for(url).await?;
    Ok(true)
}
