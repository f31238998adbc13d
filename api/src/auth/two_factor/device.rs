//! The cookie of a device that a user trusts: `<proof>!<id>`, where the proof binds the id to the user.

use crate::auth::answer::Refusal;
use crate::auth::cookie::{TRUST_DEVICE, ours, set};
use crate::auth::endpoints::{Call, broken};
use crate::auth::settings::Auth;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::auth::two_factor;
use shared::id::UserId;
use subtle::ConstantTimeEq;

impl Call<'_> {
    /// Whether the request comes from a device that this user trusts. If so, returns the cookie that it gets in place of its own.
    pub(in crate::auth) async fn trusted_device(
        &self,
        user: &UserId,
    ) -> Result<Option<String>, Refusal> {
        for cookie in ours(self.auth, self.cookie_header(), TRUST_DEVICE) {
            let Some((proof, device)) = cookie.split_once('!') else {
                continue;
            };
            let mut secrets = self.auth.accepted_secrets();
            let is_ours = |secret: &[u8]| {
                let expected = prove(secret, user, device);
                bool::from(expected.as_bytes().ct_eq(proof.as_bytes()))
            };
            if !secrets.any(is_ours) {
                continue;
            }
            let trusted = two_factor::trusts(self.app, user, device).await;
            if let Some(device) = trusted.map_err(broken)? {
                return Ok(Some(cookie_of(self.auth, user, &device)));
            }
        }
        Ok(None)
    }

    /// Whether the request has a cookie of a trusted device.
    pub(in crate::auth) fn names_a_device(&self) -> bool {
        !ours(self.auth, self.cookie_header(), TRUST_DEVICE).is_empty()
    }
}

/// `Set-Cookie` for a device that the user trusts from now on.
pub(super) fn cookie_of(auth: &Auth, user: &UserId, device: &str) -> String {
    let proof = prove(auth.secret(), user, device);
    let lasts = Some(two_factor::TRUST_LASTS.num_seconds());
    set(auth, TRUST_DEVICE, &format!("{proof}!{device}"), lasts)
}

fn prove(secret: &[u8], user: &UserId, device: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length will do");
    mac.update(format!("{}!{device}", user.0).as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}
