//! Room for events that was promised before their request began.

use std::sync::{Arc, atomic::Ordering};

use serde::Serialize;
use tokio::sync::oneshot;

use crate::{record, state::Shared};

/// Room for the events of a request, or several.
pub struct Permit {
    pub(super) shared: Arc<Shared>,
    pub(super) events: usize,
}

impl Permit {
    /// Writes them and waits until the system has them: they survive the death of this process from then on. `false`: they
    /// are lost, which the log has said.
    pub async fn write(self, events: &[impl Serialize]) -> bool {
        let (sender, written) = oneshot::channel();
        self.queue(events, Some(sender));
        written.await.unwrap_or(false)
    }

    /// Hands them over without waiting.
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
                    self.shared.metrics.lost.fetch_add(1, Ordering::Relaxed);
                    tracing::error!("a usage event cannot be written down");
                }
            }
        }
        let mut queue = self.shared.queue();
        if queue.is_closed {
            self.shared.metrics.lost.fetch_add(count, Ordering::Relaxed);
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
        self.shared.promised.fetch_sub(self.events, Ordering::Relaxed);
    }
}
