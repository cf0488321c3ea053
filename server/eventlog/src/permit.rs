//! Admission control: a request begins only with a permit, which guarantees that its event can be written even if the disk is
//! full.

use std::sync::{Arc, atomic::Ordering};

use serde::Serialize;
use tokio::sync::oneshot;

use crate::{record, state::Shared};

/// The right to append the events of a request. Dropping it unused returns it.
pub struct Permit {
    pub(super) shared: Arc<Shared>,
    pub(super) events: usize,
}

impl Permit {
    /// Appends events and waits until they are written to the file, from when on they survive a crash of this process. Returns
    /// `false` if they are lost, which is logged and counted. Not cancelled by dropping the future: the events are queued at
    /// its first poll.
    pub async fn write(self, events: &[impl Serialize]) -> bool {
        let (sender, written) = oneshot::channel();
        self.queue(events, Some(sender));
        written.await.unwrap_or(false)
    }

    /// Queues events without waiting for the write.
    pub fn hand_over(self, events: &[impl Serialize]) {
        self.queue(events, None);
    }

    fn queue(&self, events: &[impl Serialize], waiting: Option<oneshot::Sender<bool>>) {
        let mut bytes = Vec::with_capacity(512 * events.len());
        let (mut payload, mut count) = (Vec::with_capacity(512), 0);
        for event in events {
            payload.clear();
            match serde_json::to_writer(&mut payload, event) {
                Ok(()) if payload.len() <= record::MAX_PAYLOAD => {
                    record::encode(&payload, &mut bytes);
                    count += 1;
                }
                _ => {
                    self.shared.metrics.lost.inc();
                    tracing::error!("a usage event is too large or cannot be serialised, and is lost");
                }
            }
        }
        let mut queue = self.shared.queue();
        if queue.is_closed {
            self.shared.metrics.lost.inc_by(count);
            return;
        }
        let was_empty = queue.bytes.is_empty();
        queue.bytes.append(&mut bytes);
        queue.events += count;
        queue.waiting.extend(waiting);
        drop(queue);
        if was_empty {
            self.shared.has_work.notify_one();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.permitted.fetch_sub(self.events, Ordering::Relaxed);
    }
}
