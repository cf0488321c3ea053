//! Statements on `playground_sessions` and `playground_runs`. Every one that reads or changes a member's rows takes the
//! member's id: there is no way to reach another member's.

mod rows;
pub(super) mod runs;
pub(super) mod sessions;

pub(super) use rows::{Ending, Finish, Lease, NewRun, NewSession, Renewed, RunRow, SessionRow};
