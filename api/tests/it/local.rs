//! Servers of the tests' own, on free ports of this machine.

use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{IntoEndpoint, Server};

/// Serves what `make` makes for the address that it will be at, until the test ends; returns that
/// address.
pub(crate) async fn serve<E>(make: impl FnOnce(&str) -> E) -> String
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    let acceptor = TcpListener::bind("127.0.0.1:0")
        .into_acceptor()
        .await
        .expect("a free port");
    let address = acceptor.local_addr()[0]
        .as_socket_addr()
        .copied()
        .expect("an address");
    let url = format!("http://{address}");
    let endpoint = make(&url).into_endpoint();
    tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
    url
}
