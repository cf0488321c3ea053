//! Writes what refusals show of models, which is gathered in memory, and reads what other replicas have written.
//!
//! - Interval: at once when a state begins or ends, otherwise 30 s.
//! - May lose the counts of the last interval if the process dies or the write fails; the next refusal tells a state again.
//! - Stops on the `stopping` token, after one last write.

use std::sync::Arc;

use services::catalog::{CatalogService, keep_health_forever};

use crate::state::Runtime;

pub(super) fn start(runtime: &Runtime, catalog: &CatalogService) {
    let Runtime { pool, clock, tasks, .. } = runtime.clone();
    let health = Arc::clone(catalog.health());
    drop(runtime.tasks.spawn(keep_health_forever(health, pool, clock, tasks)));
}
