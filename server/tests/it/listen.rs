//! The accept loop, against clients that do not behave.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    routing::{get, post},
};
use foundation::shutdown::Tasks;
use futures::stream;
use serde_json::Value;
use server::listen;
use services::api::JsonBody;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::support::app::eventually;

const HEAD: Duration = Duration::from_secs(2);

const PIECE: Bytes = Bytes::from_static(&[b'x'; 16 * 1024]);

async fn start(drain: Duration) -> (SocketAddr, Tasks, JoinHandle<()>) {
    let (address, tasks, server, _) = start_counting(drain).await;
    (address, tasks, server)
}

/// The same, with how many requests for `/slow` and `/stuck` have reached their handlers.
async fn start_counting(drain: Duration) -> (SocketAddr, Tasks, JoinHandle<()>, Arc<AtomicUsize>) {
    let arrived = Arc::<AtomicUsize>::default();
    let [slow, stuck] = [arrived.clone(), arrived.clone()];
    let router = Router::new()
        .route("/who", get(|ConnectInfo(address): ConnectInfo<SocketAddr>| async move { address.to_string() }))
        .route(
            "/slow",
            get(move || async move {
                slow.fetch_add(1, Ordering::SeqCst);
                sleep(Duration::from_secs(1)).await;
            }),
        )
        .route(
            "/stuck",
            get(move || async move {
                stuck.fetch_add(1, Ordering::SeqCst);
                std::future::pending::<()>().await;
            }),
        )
        .route("/json", post(|JsonBody(_): JsonBody<Value>| async {}))
        .route("/endless", get(|| async { Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(PIECE))) }));
    let patience = listen::Patience { head: HEAD, body: HEAD, write: HEAD, drain };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tasks = Tasks::default();
    let server = tokio::spawn({
        let tasks = tasks.clone();
        async move { listen::serve(listener, router, &tasks, patience).await }
    });
    (address, tasks, server, arrived)
}

/// Sends this and returns everything that comes back before the server hangs up, and when it did.
async fn exchange(address: SocketAddr, request: &[u8]) -> (String, Duration) {
    exchange_on(TcpStream::connect(address).await.unwrap(), request).await
}

async fn exchange_on(mut stream: TcpStream, request: &[u8]) -> (String, Duration) {
    let started = Instant::now();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is reset has been closed just as well.
    let _ = timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await.expect("the server hangs up");
    (String::from_utf8_lossy(&answer).into_owned(), started.elapsed())
}

fn assert_cut_in_time((answer, after): (String, Duration)) {
    assert!(after >= HEAD && after < HEAD + Duration::from_secs(3), "after {after:?}: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_learn_the_clients_address() {
    let (address, tasks, _server) = start(Duration::from_secs(1)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let own = stream.local_addr().unwrap();
    stream.write_all(b"GET /who HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with(&own.to_string()), "{answer}");
    assert!(tasks.stop(Duration::from_secs(5)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_finish_their_first_head_are_cut_off() {
    let (address, tasks, _server) = start(Duration::from_secs(1)).await;
    let (silent, half_head, idle, other_protocol) = tokio::join!(
        exchange(address, b""),
        exchange(address, b"GET /who HTTP/1.1\r\nhost: x\r\n"),
        exchange(address, b"GET /who HTTP/1.1\r\nhost: x\r\n\r\n"),
        exchange(address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    );
    for result in [silent, half_head, idle] {
        assert_cut_in_time(result);
    }
    assert!(other_protocol.1 < HEAD, "nothing of it is waited for");
    assert!(tasks.stop(Duration::from_secs(5)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_arrive_is_not_waited_for_however_steadily_it_drips() {
    let (address, tasks, _server) = start(Duration::from_secs(1)).await;
    let head = "POST /json HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut read, mut write) = stream.split();
    write.write_all(head.as_bytes()).await.unwrap();
    let started = Instant::now();
    let drip = async {
        while write.write_all(b" ").await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let mut answer = Vec::new();
    let answered = async { timeout(HEAD * 3, read.read_to_end(&mut answer)).await };
    tokio::select! {
        () = drip => {}
        answered = answered => drop(answered.expect("the server hangs up")),
    }
    assert!(started.elapsed() >= HEAD && started.elapsed() < HEAD * 2, "{:?}", started.elapsed());
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_too_slow"), "{answer}");
    assert!(tasks.stop(Duration::from_secs(5)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_no_further_is_cut_off() {
    let (address, tasks, _server) = start(Duration::from_secs(1)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(HEAD * 2).await;
    // What the system had taken in is still there; then comes the end, and not more and more.
    let mut buffer = vec![0; 1024 * 1024];
    let end = async { while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {} };
    assert!(timeout(Duration::from_secs(5), end).await.is_ok(), "the connection is still served");
    assert!(tasks.stop(Duration::from_secs(5)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_outlives_the_header_timeout() {
    let (address, tasks, _server) = start(Duration::from_secs(1)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut byte = [0];
    let early = timeout(HEAD + Duration::from_secs(2), stream.read(&mut byte)).await;
    assert!(early.is_err(), "a request in hand must not be cut: {early:?}");
    assert!(tasks.stop(Duration::from_secs(5)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_a_megabyte_is_refused() {
    let (address, tasks, _server) = start(Duration::from_secs(1)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut read, mut write) = stream.split();
    let head = format!("GET /who HTTP/1.1\r\nhost: x\r\nx: {}", "a".repeat(1024 * 1024));
    let mut answer = Vec::new();
    let (_, read) = tokio::join!(write.write_all(head.as_bytes()), timeout(HEAD / 2, read.read_to_end(&mut answer)));
    assert!(read.is_ok(), "the server must not wait for the rest");
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(tasks.stop(Duration::from_secs(5)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_finishes_requests_and_refuses_new_clients() {
    let (address, tasks, server, arrived) = start_counting(Duration::from_secs(10)).await;
    let idle = tokio::spawn(exchange_on(TcpStream::connect(address).await.unwrap(), b""));
    let slow = tokio::spawn(exchange(address, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"));
    eventually("the request has arrived", async || arrived.load(Ordering::SeqCst) == 1).await;
    tasks.drain();
    eventually("new clients are refused", async || TcpStream::connect(address).await.is_err()).await;
    assert!(!slow.is_finished(), "the server refuses new clients while it still answers");
    let (answer, _) = slow.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, idle_for) = idle.await.unwrap();
    assert!(idle_for < Duration::from_secs(5), "an idle client must not hold up the end: {idle_for:?}");
    timeout(Duration::from_secs(2), server).await.expect("it ends with its last request").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_does_not_end_is_cut_at_the_deadline() {
    let (address, tasks, server, arrived) = start_counting(Duration::from_secs(1)).await;
    let stuck = tokio::spawn(exchange(address, b"GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n"));
    eventually("the request has arrived", async || arrived.load(Ordering::SeqCst) == 1).await;
    let started = Instant::now();
    tasks.drain();
    timeout(Duration::from_secs(5), server).await.expect("it ends").unwrap();
    assert!(started.elapsed() >= Duration::from_millis(900));
    assert_eq!(stuck.await.unwrap().0, "");
    assert!(tasks.stop(Duration::from_secs(1)).await);
}
