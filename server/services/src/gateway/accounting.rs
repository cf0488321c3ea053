//! What the usage recorders of all requests share: the metrics, and the admission control of requests without a key.

use std::{num::NonZeroU32, sync::Arc};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio_util::sync::CancellationToken;

use super::metrics::GatewayMetrics;
use crate::catalog::HealthTracker;

/// Requests without a valid key that are recorded in one burst.
const KEYLESS_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(4_999);
/// Requests without a valid key that are recorded per second after a burst.
const KEYLESS_PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(49);

/// The shared state of all [`UsageRecorder`](super::usage_recorder::UsageRecorder)s.
pub(super) struct Accounting {
    pub metrics: GatewayMetrics,
    keyless: DefaultDirectRateLimiter,
    draining: CancellationToken,
    pub health: Arc<HealthTracker>,
}

impl Accounting {
    /// `draining` is cancelled when the server begins to shut down.
    pub(super) fn new(draining: CancellationToken, health: Arc<HealthTracker>) -> Self {
        let quota = Quota::per_second(KEYLESS_PER_SECOND).allow_burst(KEYLESS_BURST);
        Self { metrics: GatewayMetrics::default(), keyless: RateLimiter::direct(quota), draining, health }
    }

    /// Whether a request without a valid key may be recorded. Beyond a rate that no honest mistake reaches such requests are
    /// only counted; otherwise anybody could fill the disk.
    pub(super) fn admits_keyless(&self) -> bool {
        self.keyless.check().is_ok()
    }

    /// Whether the server is shutting down.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }
}
