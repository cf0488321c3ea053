//! The health of models: what their upstreams' refusals show of them, from the first refusal to the next success.
//!
//! Every call to an upstream is noted in memory ([`HealthTracker::note`]), which costs a request nothing; a job writes what has
//! changed. Each replica also knows the states that others have written, so that a success anywhere ends them.

mod job;
mod repo;
mod tracker;

pub use job::keep_health_forever;
pub use tracker::HealthTracker;
