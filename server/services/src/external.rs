//! What a server meets outside of its own process and its database: the time, and names that lead to addresses. Tests bring
//! their own.

use std::sync::Arc;

use foundation::clock::{Clock, SystemClock};
use upstream::{Lookup, SystemLookup};

/// The outside world.
#[derive(Clone)]
pub struct External {
    pub clock: Arc<dyn Clock>,
    pub lookup: Arc<dyn Lookup>,
}

impl Default for External {
    /// The machine's.
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), lookup: Arc::new(SystemLookup) }
    }
}
