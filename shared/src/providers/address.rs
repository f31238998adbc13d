//! Asking for an address: of the service that hears the heartbeat (`HEARTBEAT_URL`), or of the api as others reach it.

use super::graph::choose_tls;
use crate::error::ProviderFailure;
use crate::{Error, Result};
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// The timeout of a whole call.
const ANSWER: Duration = Duration::from_secs(10);

/// Asks for an address, which may be a secret. Fails if the answer is no success.
pub async fn ask_for(url: &SecretString) -> Result<()> {
    let failed = |reason: String| {
        Err(Error::provider(
            "http",
            ProviderFailure::UNAVAILABLE,
            reason,
        ))
    };
    choose_tls();
    let Ok(client) = Client::builder().timeout(ANSWER).build() else {
        return failed("no client can be made".to_owned());
    };
    match client.get(url.expose_secret()).send().await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => failed(format!("answered {}", answer.status().as_u16())),
        // The error has the address in it.
        Err(error) if error.is_timeout() => failed("did not answer in time".to_owned()),
        Err(_) => failed("cannot be reached".to_owned()),
    }
}
