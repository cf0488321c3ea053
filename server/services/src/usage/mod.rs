//! Usage events: one for each request that the gateway handled or that LiteLLM reported. Written in batches, read by the
//! roll-up and by key analytics.

mod partitions;
mod repo;
mod retention;
mod shipper;
mod types;

pub use partitions::{ensure_partitions, insert};
pub use retention::{keep_days, keep_days_forever};
pub use shipper::EventShipper;
pub use types::{ErrorClass, EventSource, Outcome, UsageEvent, UsageSource, is_believable_cost};
