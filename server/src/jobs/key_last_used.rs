//! Writes the times at which API keys were last used, which are gathered in memory.
//!
//! - Interval: 5 s.
//! - May lose the times of the last interval if the process dies or the write fails; they are informative only.
//! - Stops on the `stopping` token, after one last write.

use std::sync::Arc;

use services::keys::{KeyService, write_last_used_forever};

use crate::state::Runtime;

pub(super) fn start(runtime: &Runtime, keys: Arc<KeyService>) {
    drop(runtime.tasks.spawn(write_last_used_forever(keys, runtime.tasks.clone())));
}
