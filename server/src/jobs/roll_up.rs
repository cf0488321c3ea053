//! Rolls usage events up into the leaderboard's hours, five minutes after an hour has ended and once at the start.
//!
//! - Interval: polls the clock every 500 ms; 15 s after a failure. Every replica runs it; a lock in the database makes them
//!   take turns, and the second finds nothing left to do.
//! - Loses nothing: hours that have changed are marked in the database until they are rolled up.
//! - Stops between two hours, on the `stopping` token.

use services::leaderboard::roll_up_forever;

use crate::state::Runtime;

pub(super) fn start(runtime: &Runtime) {
    let Runtime { clock, tasks, .. } = runtime.clone();
    drop(runtime.tasks.spawn(roll_up_forever(runtime.roll_up(), clock, tasks)));
}
