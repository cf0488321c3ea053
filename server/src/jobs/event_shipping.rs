//! Moves usage events from the event log on the local disk to the database.
//!
//! - Interval: 200 ms after the log has grown; while the database is unreachable, exponential backoff from 100 ms to 2 s.
//! - Loses nothing: delivery is at least once, and inserting by the event's id makes it idempotent. Events that the database
//!   rejects are kept in the log's `refused.ndjson`.
//! - Stops on the `stopping` token, after it has moved what is in the log. What a last failed attempt leaves there is moved
//!   at the next start.

use eventlog::EventLog;
use services::usage::EventShipper;

use crate::state::Runtime;

pub(super) fn start(runtime: &Runtime, log: EventLog) {
    let shipper = EventShipper::new(log, runtime.pool.clone());
    drop(runtime.tasks.spawn(shipper.run(runtime.tasks.clone())));
}
