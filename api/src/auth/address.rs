//! The address of who asks.

use poem::Request;
use poem::http::header;
use shared::auth::Client;
use std::net::{IpAddr, SocketAddr};

/// The client's address: that of the connection, or behind our own proxies the one that the outermost of them saw.
/// Each proxy adds the address that it saw at the end of `X-Forwarded-For`, so the addresses before ours are the
/// client's own words. Without a proxy the header is not read.
pub(super) fn client(request: &Request, proxies: usize) -> Client {
    let peer = request
        .remote_addr()
        .as_socket_addr()
        .map(|peer| peer.ip().to_string());
    let forwarded = request.headers().get_all("x-forwarded-for");
    let hops: Vec<&str> = forwarded
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(','))
        .map(str::trim)
        .collect();
    let named = hops.len().checked_sub(proxies).filter(|_| proxies > 0);
    let named = named.and_then(|at| named_by_proxy(hops[at]));
    Client {
        ip_address: named.map_or_else(|| peer.unwrap_or_default(), |named| named.to_string()),
        user_agent: request
            .header(header::USER_AGENT)
            .unwrap_or_default()
            .to_owned(),
    }
}

/// The address that a proxy wrote: some add the port.
fn named_by_proxy(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    hop.parse::<IpAddr>().ok().or_else(with_port)
}

/// Who it is: an IPv4 address, or the first 64 bits of an IPv6 address, which one machine can have whole (RFC 4291, 2.5.4).
pub(crate) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => address.segments()[..4]
            .iter()
            .map(|part| format!("{part:x}"))
            .collect::<Vec<_>>()
            .join(":"),
    }
}

#[cfg(test)]
mod tests {
    use super::{named_by_proxy, network};

    #[test]
    fn a_proxy_names_an_address_with_or_without_a_port() {
        let named = |hop| named_by_proxy(hop).map(|address| address.to_string());
        for hop in ["203.0.113.7", "203.0.113.7:4711"] {
            assert_eq!(named(hop).as_deref(), Some("203.0.113.7"));
        }
        assert_eq!(named("[2001:db8::1]:443").as_deref(), Some("2001:db8::1"));
        assert_eq!(named("unknown"), None);
    }

    #[test]
    fn an_ipv4_address_in_ipv6_is_that_address() {
        let of = |address: &str| network(address.parse().expect("an address"));
        assert_eq!(of("::ffff:203.0.113.7"), of("203.0.113.7"));
    }
}
