//! Sign-in as better-auth 1.7 does it: `/api/auth/*`, its cookie, its errors, its origin checks. Sources: the
//! captured exchanges under `api/tests/fixtures/`.

mod address;
mod answer;
mod body;
mod cookie;
mod endpoints;
mod enter;
mod limit;
mod origin;
mod paths;
mod record;
mod settings;
mod sharing;
mod tries;
mod two_factor;
mod viewer;

pub(crate) use address::network;
pub use body::looks_like_an_email;
pub use endpoints::BetterAuth;
pub use record::record;
pub use settings::{Auth, CodesFor};
pub use sharing::{share_with_trusted_pages, with_one_cookie_header};
pub use viewer::{
    AdminOnly, Confirmed, ConfirmedAdmin, ConfirmedWhatsappAdmins, OperatorOnly, SignedIn, Viewer,
    WhatsappAdmins,
};
