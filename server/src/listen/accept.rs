//! The accept loop. It replaces axum's, which installs no timer: a client that never finishes its headers would hold its
//! connection and its memory for ever. It speaks HTTP/1.1 only; HTTP/2 and TLS towards browsers are a proxy's task, and
//! proxies speak HTTP/1.1 to their origin.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::ConnectInfo,
    http::Request,
};
use foundation::shutdown::Tasks;
use hyper::{body::Incoming, server::conn::http1::Builder, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;
use tower_http::timeout::DeadlineBody;

use super::{patience::Patience, write_timeout::WriteTimeout};

/// Open connections at a time, well below the usual limit of open files. Further clients wait in the listen queue.
const MAX_CONNECTIONS: usize = 4096;
/// Bounds a request head, and what hyper buffers for a connection, in bytes.
const MAX_BUFFER: usize = 64 * 1024;
/// After a failure to accept, such as for lack of file descriptors: retrying at once would be a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until the server drains; then refuses new connections and finishes the requests in flight, at most for
/// [`Patience::drain`]. Handlers find the client's address as [`ConnectInfo<SocketAddr>`].
pub async fn serve(listener: TcpListener, router: Router, tasks: &Tasks, patience: Patience) {
    let draining = tasks.draining();
    let connections = Connections::new(router, draining.clone(), patience);
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
            Err(error) if is_connection_error(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // New connections are refused from here on, so that a load balancer chooses another replica.
    drop(listener);
    connections.tracker.close();
    if timeout(patience.drain, connections.tracker.wait()).await.is_err() {
        tracing::warn!(connections = connections.tracker.len(), "cutting the connections that are still in use");
        connections.cut.cancel();
        connections.tracker.wait().await;
    }
}

/// Whether only the connection that was about to be accepted has failed.
fn is_connection_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// What all connections share.
#[derive(Clone)]
struct Connections {
    router: Router,
    protocol: Builder,
    patience: Patience,
    slots: Arc<Semaphore>,
    tracker: TaskTracker,
    /// Cancelled when requests in flight are to be finished and idle connections to be closed.
    draining: CancellationToken,
    /// Cancelled when connections that are still in use are to be dropped.
    cut: CancellationToken,
}

impl Connections {
    fn new(router: Router, draining: CancellationToken, patience: Patience) -> Self {
        let mut protocol = Builder::new();
        protocol.timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(MAX_BUFFER);
        Self {
            router,
            protocol,
            patience,
            slots: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            tracker: TaskTracker::new(),
            draining,
            cut: CancellationToken::new(),
        }
    }

    async fn serve(self, stream: TcpStream, address: SocketAddr, _slot: OwnedSemaphorePermit) {
        // Nagle's algorithm would hold back each small write of a token stream until the one before is acknowledged.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection was gone at once");
            return;
        }
        let stream = WriteTimeout::new(stream, self.patience.write);
        let (router, patience) = (self.router, self.patience);
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(|body| in_time(body, patience.body));
            request.extensions_mut().insert(ConnectInfo(address));
            router.clone().call(request)
        });
        let connection = self.protocol.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let mut is_draining = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    return;
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

/// A body that fails when it has not arrived in time. Most requests have none, and need no timer.
fn in_time(body: Incoming, patience: Duration) -> Body {
    match body.is_end_stream() {
        true => Body::empty(),
        false => Body::new(DeadlineBody::new(patience, body)),
    }
}
