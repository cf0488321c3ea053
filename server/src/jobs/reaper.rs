//! Marks playground runs as interrupted whose lease has expired because the process that ran them died.
//!
//! - Interval: 5 s, on every replica; any of them may reap any run.
//! - Loses nothing: it works on the leases in the database, so a failed pass is made up for by the next.
//! - Stops between two passes, on the `stopping` token.

use services::playground::reap_forever;

use crate::state::Runtime;

pub(super) fn start(runtime: &Runtime) {
    let Runtime { pool, clock, tasks, .. } = runtime.clone();
    drop(runtime.tasks.spawn(reap_forever(pool, clock, tasks)));
}
