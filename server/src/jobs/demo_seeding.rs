//! In demo mode, makes up usage of the simulated models: the last 30 days at the start, then hour by hour.
//!
//! - Interval: polls the clock every 20 s and seeds whenever an hour has ended.
//! - Loses nothing: it continues after the last hour that has simulated usage.
//! - Stops on the `stopping` token, between two hours of traffic.

use services::demo;

use crate::state::Runtime;

pub(super) fn start(runtime: &Runtime) {
    let Runtime { pool, clock, tasks, .. } = runtime.clone();
    drop(runtime.tasks.spawn(demo::seed_forever(pool, clock, tasks, runtime.roll_up())));
}
