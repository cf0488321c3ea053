//! Usage events: one for each request that the gateway took or that LiteLLM told of. Written in batches, read by the roll-up
//! and by key analytics.

mod buckets;
mod partitions;
mod repo;
mod types;

pub use buckets::bucket_middle;
pub use partitions::{ensure_partitions, insert};
pub use types::{ErrorClass, EventSource, Outcome, UsageEvent, UsageSource};
