//! Creates the daily partitions of usage events ahead of time, and drops those that are past the retention period.
//!
//! - Interval: one hour; 30 s after a failure. Every replica runs it.
//! - Loses events past their retention, which is its purpose. A day with hours that still have to be rolled up is kept.
//!   Partitions are created three days ahead, so failures shorter than that do not hold events up.
//! - Stops between two passes, on the `stopping` token.

use services::usage::keep_days_forever;

use crate::state::Runtime;

/// `kept_days: None` keeps events for ever.
pub(super) fn start(runtime: &Runtime, kept_days: Option<u32>) {
    let Runtime { pool, clock, tasks, .. } = runtime.clone();
    drop(runtime.tasks.spawn(keep_days_forever(pool, clock, tasks, kept_days)));
}
