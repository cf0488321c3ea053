//! Dependencies outside of the process and the database: clock and name resolution. Tests replace them.

use std::sync::Arc;

use foundation::clock::{Clock, SystemClock};
use upstream::{Lookup, SystemLookup};

/// The external dependencies of the services.
#[derive(Clone)]
pub struct External {
    pub clock: Arc<dyn Clock>,
    pub lookup: Arc<dyn Lookup>,
}

impl Default for External {
    /// Those of the machine.
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), lookup: Arc::new(SystemLookup) }
    }
}
