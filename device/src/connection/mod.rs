//! The connection to WhatsApp. The client does not report a failed connect, or when something last came.
//! These wrappers do. They also cut the connection when nothing may leave any more.

mod http;
mod state;
mod transport;

pub(crate) use http::WatchedHttp;
pub(crate) use state::Connection;
pub(crate) use transport::WatchedTransports;
