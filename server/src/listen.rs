//! Accepting connections. An accept loop of our own, because axum's installs no timer: a client that never finishes its
//! headers would hold its connection and its memory for ever.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use crate::shutdown::Tasks;

/// Sockets at a time, well below the usual limit of open files. Further clients wait in the system's queue.
const MAX_CONNECTIONS: usize = 4096;
/// A new connection has this long for its first complete request head, and each later head of HTTP/1 again.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Bounds the headers and what an HTTP/1 connection buffers.
const MAX_BUFFER: usize = 64 * 1024;
const MAX_STREAMS: u32 = 128;
/// A peer of HTTP/2 that is gone is found out by asking.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Out of file descriptors, say: trying again at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until the server drains, then gives the requests in hand this long to end. Handlers find the client's address as
/// [`ConnectInfo<SocketAddr>`].
pub async fn serve(listener: TcpListener, router: Router, tasks: &Tasks, drain: Duration) {
    let draining = tasks.draining();
    let connections = Connections::new(router, draining.clone());
    loop {
        let slot = tokio::select! {
            slot = connections.slots.clone().acquire_owned() => slot,
            () = draining.cancelled() => break,
        };
        let Ok(slot) = slot else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = draining.cancelled() => break,
        };
        match accepted {
            Ok((stream, address)) => {
                drop(tasks.spawn(connections.tracker.track_future(connections.clone().serve(stream, address, slot))));
            }
            Err(error) if is_clients_fault(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // New clients are refused from here on, so that whoever balances the load goes elsewhere.
    drop(listener);
    connections.tracker.close();
    if timeout(drain, connections.tracker.wait()).await.is_err() {
        tracing::warn!(connections = connections.tracker.len(), "cutting the connections that are still in use");
        connections.cut.cancel();
        connections.tracker.wait().await;
    }
}

fn is_clients_fault(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// What all connections share.
#[derive(Clone)]
struct Connections {
    router: Router,
    protocol: Builder<TokioExecutor>,
    slots: Arc<Semaphore>,
    tracker: TaskTracker,
    /// Requests in hand are finished, idle connections closed.
    draining: CancellationToken,
    /// Patience is over.
    cut: CancellationToken,
}

impl Connections {
    fn new(router: Router, draining: CancellationToken) -> Self {
        let mut protocol = Builder::new(TokioExecutor::new());
        protocol
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(MAX_BUFFER)
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_BUFFER as u32)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_INTERVAL);
        Self {
            router,
            protocol,
            slots: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            tracker: TaskTracker::new(),
            draining,
            cut: CancellationToken::new(),
        }
    }

    async fn serve(self, stream: TcpStream, address: SocketAddr, _slot: OwnedSemaphorePermit) {
        // Without it the small writes of a token stream wait for the acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection was gone at once");
            return;
        }
        let has_asked = Arc::new(AtomicBool::new(false));
        let service = service_fn({
            let has_asked = has_asked.clone();
            move |mut request: Request<Incoming>| {
                has_asked.store(true, Ordering::Relaxed);
                request.extensions_mut().insert(ConnectInfo(address));
                self.router.clone().call(request.map(Body::new))
            }
        });
        let connection = self.protocol.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        // hyper's own timer starts only when it knows the protocol: this one also covers a client that says nothing at all,
        // or stops in the middle of what could become HTTP/2.
        let mut first_head = std::pin::pin!(sleep(HEADER_TIMEOUT));
        let (mut is_first, mut is_draining) = (true, false);
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    return;
                }
                () = first_head.as_mut(), if is_first => {
                    is_first = false;
                    if !has_asked.load(Ordering::Relaxed) {
                        return;
                    }
                }
                () = self.draining.cancelled(), if !is_draining => {
                    is_draining = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = self.cut.cancelled() => return,
            }
        }
    }
}
