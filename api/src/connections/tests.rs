use super::{Connection, Connections, Guarded, Limits};
use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Endpoint, EndpointExt, Request, Response, Server, endpoint::make};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const SHORT: Duration = Duration::from_millis(150);
/// A test that waits longer has failed.
const LONG: Duration = Duration::from_secs(20);

fn limits() -> Limits {
    Limits {
        most: 3,
        most_of_one: None,
        head: SHORT,
        idle: LONG,
    }
}

/// Serves `endpoint` within the limits, and returns where.
async fn serve(limits: Limits, endpoint: impl Endpoint + 'static) -> (SocketAddr, Connections) {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await;
    let acceptor = acceptor.expect("a free port");
    let address = *acceptor.local_addr()[0].as_socket_addr().expect("tcp");
    let connections = Connections::new(limits);
    let guarded = Guarded::new(acceptor, connections.clone());
    let watched = connections.clone();
    let endpoint = endpoint.around(move |next, request| watched.clone().watch(next, request));
    tokio::spawn(Server::new_with_acceptor(guarded).run(endpoint));
    (address, connections)
}

fn hello() -> impl Endpoint + 'static {
    make(|_| async { Response::builder().body("hello") })
}

/// What the server sends until it closes the connection.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut all));
    read.await.expect("it is closed").ok();
    String::from_utf8_lossy(&all).into_owned()
}

async fn until(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, wait).await.expect("in time");
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: it\r\nconnection: close\r\n\r\n")
        .await?;
    Ok(until_closed(&mut stream).await)
}

#[tokio::test]
async fn half_a_head_is_waited_for_and_then_closed_and_others_are_served() {
    let (address, connections) = serve(limits(), hello()).await;
    let mut half = TcpStream::connect(address).await.expect("it listens");
    half.write_all(b"GET / HTTP/1.1\r\nhost:")
        .await
        .expect("sent");
    let mut silent = TcpStream::connect(address).await.expect("it listens");
    assert!(ask(address).await.expect("an answer").contains("hello"));
    assert_eq!(until_closed(&mut half).await, "");
    assert_eq!(until_closed(&mut silent).await, "");
    assert!(ask(address).await.expect("an answer").contains("hello"));
    until(|| connections.open().counted == 0).await;
    assert!(connections.open().known.is_empty());
}

#[tokio::test]
async fn a_second_head_has_its_limit_as_the_first() {
    let (address, _) = serve(limits(), hello()).await;
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: it\r\n\r\n")
        .await
        .expect("sent");
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    stream.write_all(b"GET / HT").await.expect("sent");
    let rest = until_closed(&mut stream).await;
    assert!(!rest.contains("HTTP/1.1"), "{rest}");
}

#[tokio::test]
async fn a_connection_that_is_silent_after_an_answer_is_closed() {
    let short = Limits {
        idle: SHORT,
        ..limits()
    };
    let (address, connections) = serve(short, hello()).await;
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: it\r\n\r\n")
        .await
        .expect("sent");
    assert!(until_closed(&mut stream).await.contains("hello"));
    until(|| connections.open().counted == 0).await;
}

#[tokio::test]
async fn work_that_takes_longer_than_every_wait_is_not_disturbed() {
    let short = Limits {
        idle: SHORT,
        ..limits()
    };
    let slow = make(|_| async {
        tokio::time::sleep(4 * SHORT).await;
        Response::builder().body("done")
    });
    let (address, _) = serve(short, slow).await;
    assert!(ask(address).await.expect("an answer").contains("done"));
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once_and_a_feed_does_not_count() {
    let patient = Limits {
        head: LONG,
        ..limits()
    };
    let (feeds, mut known) = mpsc::unbounded_channel();
    let feed = make(move |request: Request| {
        let connection = request.data::<Connection>().cloned().expect("a connection");
        connection.becomes_a_feed();
        connection.becomes_a_feed();
        feeds.send(()).expect("somebody waits");
        async { Response::builder().status(StatusCode::OK).body("feed") }
    });
    let (address, connections) = serve(patient, feed).await;
    let mut feeds = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: it\r\n\r\n")
            .await
            .expect("sent");
        known.recv().await.expect("it became a feed");
        feeds.push(stream);
    }
    assert_eq!(connections.open().counted, 0);
    assert!(connections.open().by_client.is_empty());
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(TcpStream::connect(address).await.expect("it listens"));
    }
    assert!(!ask(address).await.unwrap_or_default().contains("HTTP"));
    drop(waiting);
    drop(feeds);
    until(|| connections.open().known.is_empty()).await;
    assert_eq!(connections.open().counted, 0);
}

#[test]
fn one_client_cannot_take_all_connections_and_this_machine_can() {
    let limits = Limits {
        most: 100,
        most_of_one: Some(2),
        ..limits()
    };
    let connections = Connections::new(limits);
    let admit = |peer: &str| connections.admit(peer.parse().expect("an address"));
    assert!(admit("203.0.113.7:1").is_ok() && admit("203.0.113.7:2").is_ok());
    assert!(admit("203.0.113.7:3").is_err());
    assert!(admit("203.0.113.8:1").is_ok());
    assert!(admit("[2001:db8::1]:1").is_ok() && admit("[2001:db8::2]:1").is_ok());
    assert!(admit("[2001:db8::3]:1").is_err(), "one network");
    for port in 1..9 {
        assert!(admit(&format!("127.0.0.1:{port}")).is_ok());
    }
}
