//! Encrypts two-factor secrets again with the present secret of sign-in, so that the old one can be removed from the settings.

use super::keys::{Keys, Opened};
use super::store;
use crate::{App, Result};

/// How many users' secrets were encrypted again, and how many cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Encrypted again with the present secret.
    pub renewed: usize,
    /// Encrypted with a secret that is not among the settings. These users can sign in with neither code.
    pub unreadable: usize,
}

/// Encrypts everything again that an old secret encrypted. Safe to run in several processes at once, and again.
pub async fn rotate(app: &App, keys: &Keys) -> Result<Rotated> {
    let mut connection = app.pool.acquire().await?;
    let mut done = Rotated::default();
    for (id, secret, codes) in store::sealed(&mut connection).await? {
        let (Some(opened_secret), Some(opened_codes)) = (keys.open(&secret), keys.open(&codes))
        else {
            done.unreadable += 1;
            continue;
        };
        if !(opened_secret.is_old || opened_codes.is_old) {
            continue;
        }
        let again = |opened: &Opened| keys.seal(&opened.text);
        let new = (again(&opened_secret), again(&opened_codes));
        let (old, new) = (
            (secret.as_str(), codes.as_str()),
            (new.0.as_str(), new.1.as_str()),
        );
        let is_renewed = store::seal_again(&mut connection, &id, old, new).await?;
        done.renewed += usize::from(is_renewed);
    }
    Ok(done)
}

/// With which keys users' secrets are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// With none of the settings. These users can sign in with neither code.
    pub unreadable: usize,
    /// With a former one that is among the settings, and must stay there.
    pub old: usize,
}

/// With which keys users' secrets are encrypted. Changes nothing.
pub async fn sealed(app: &App, keys: &Keys) -> Result<Sealed> {
    let mut connection = app.pool.acquire().await?;
    let mut counted = Sealed::default();
    for (_, secret, codes) in store::sealed(&mut connection).await? {
        match (keys.open(&secret), keys.open(&codes)) {
            (Some(secret), Some(codes)) => {
                counted.old += usize::from(secret.is_old || codes.is_old);
            }
            _ => counted.unreadable += 1,
        }
    }
    Ok(counted)
}
