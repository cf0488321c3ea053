//! How long clients may take.

use std::time::Duration;

/// Time limits for clients.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For each complete request head; also the longest a connection may be idle.
    pub head: Duration,
    /// For the body of a request. The gateway, which reports this in its own error format, waits a little less.
    pub body: Duration,
    /// For a client that does not read while there is more of an answer to send.
    pub write: Duration,
    /// For requests in flight when the server stops.
    pub drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let [head, body, write, drain] = [10, 65, 60, 10].map(Duration::from_secs);
        Self { head, body, write, drain }
    }
}
