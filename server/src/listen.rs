//! Accepting connections. An accept loop of our own, because axum's installs no timer: a client that never finishes its
//! headers would hold its connection and its memory for ever. It speaks HTTP/1.1; a proxy in front of it speaks whatever browsers
//! like to it, and needs no more than that here.

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
use tokio_io_timeout::TimeoutWriter;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;
use tower_http::timeout::DeadlineBody;

/// Sockets at a time, well below the usual limit of open files. Further clients wait in the system's queue.
const MAX_CONNECTIONS: usize = 4096;
/// Bounds the headers and what a connection buffers.
const MAX_BUFFER: usize = 64 * 1024;
/// Out of file descriptors, say: trying again at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long clients may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For each complete request head; a connection may be idle no longer.
    pub head: Duration,
    /// For the body of a request. The gateway, which says so in words of its own, waits a little less.
    pub body: Duration,
    /// Without reading on while there is more of an answer.
    pub write: Duration,
    /// For requests in hand when the server stops.
    pub drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let [head, body, write, drain] = [10, 65, 60, 10].map(Duration::from_secs);
        Self { head, body, write, drain }
    }
}

/// Serves until the server drains, and the requests in hand to their end. Handlers find the client's address as
/// [`ConnectInfo<SocketAddr>`].
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
    if timeout(patience.drain, connections.tracker.wait()).await.is_err() {
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
    protocol: Builder,
    patience: Patience,
    slots: Arc<Semaphore>,
    tracker: TaskTracker,
    /// Requests in hand are finished, idle connections closed.
    draining: CancellationToken,
    /// Patience is over.
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
        // Without it the small writes of a token stream wait for the acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection was gone at once");
            return;
        }
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(self.patience.write));
        let (router, patience) = (self.router, self.patience);
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(|body| in_time(body, patience.body));
            request.extensions_mut().insert(ConnectInfo(address));
            router.clone().call(request)
        });
        let connection = self.protocol.serve_connection(TokioIo::new(Box::pin(stream)), service);
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

/// A body that fails when it has not arrived in time. Most requests have none.
fn in_time(body: Incoming, patience: Duration) -> Body {
    match body.is_end_stream() {
        true => Body::empty(),
        false => Body::new(DeadlineBody::new(patience, body)),
    }
}
