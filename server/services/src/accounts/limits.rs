//! Rate limits of signing in and up.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use domain::error::AppError;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

/// A rate limit (GCRA): `burst` attempts at once, then one each `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Attempts in quick succession.
    pub burst: NonZeroU32,
    /// Time until one more is allowed.
    pub period: Duration,
}

/// The limits on signing in and signing up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// Against one account, from wherever.
    pub account: Rate,
    /// From one address, against whichever account. An IPv6 address counts as its /64.
    pub address: Rate,
}

impl Default for LimitSettings {
    /// 10 at once and one each 6 s for an account; 30 at once and one each 2 s for an address.
    fn default() -> Self {
        const TEN: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
        const THIRTY: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
        Self {
            account: Rate { burst: TEN, period: Duration::from_secs(6) },
            address: Rate { burst: THIRTY, period: Duration::from_secs(2) },
        }
    }
}

/// Counts attempts. Its memory is bounded however many accounts and addresses there are: each is hashed, with a random seed of this
/// process, into one of 65,536 counters. Two may share a counter; without the seed nobody can tell which.
pub(super) struct Limits<C: Clock = DefaultClock> {
    accounts: Counters<C>,
    addresses: Counters<C>,
    seed: RandomState,
    clock: C,
}

type Counters<C> = RateLimiter<u16, HashMapStateStore<u16>, C, NoOpMiddleware<<C as Clock>::Instant>>;

impl Limits {
    pub(super) fn new(settings: LimitSettings) -> Self {
        Self::with_clock(settings, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn with_clock(settings: LimitSettings, clock: C) -> Self {
        let counters = |rate: Rate| {
            // A period of zero means no limit; a nanosecond has the same effect.
            let quota = Quota::with_period(rate.period.max(Duration::from_nanos(1)))
                .unwrap_or(Quota::per_second(NonZeroU32::MAX))
                .allow_burst(rate.burst);
            RateLimiter::hashmap_with_clock(quota, clock.clone())
        };
        Self {
            accounts: counters(settings.account),
            addresses: counters(settings.address),
            seed: RandomState::new(),
            clock,
        }
    }

    /// Counts one attempt. The address first, so that one that is over its limit does not use up the account's. Does not block.
    ///
    /// # Errors
    /// [`AppError::RateLimited`] with the seconds to wait.
    pub(super) fn attempt(&self, account: &str, address: &str) -> Result<(), AppError> {
        self.count(&self.addresses, &network_of(address))?;
        self.count(&self.accounts, &account.trim().to_lowercase())
    }

    fn count(&self, counters: &Counters<C>, key: &str) -> Result<(), AppError> {
        let [low, high, ..] = self.seed.hash_one(key).to_le_bytes();
        counters.check_key(&u16::from_le_bytes([low, high])).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now()).as_secs_f64().ceil();
            AppError::RateLimited { retry_after_s: (wait as u32).max(1) }
        })
    }
}

/// The network that is counted: one subscriber has at least a whole IPv6 /64 (RFC 6177).
fn network_of(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limits() -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limits::with_clock(LimitSettings::default(), clock.clone()), clock)
    }

    #[test]
    fn an_account_takes_ten_attempts_and_then_one_each_six_seconds() {
        let (limits, clock) = limits();
        for attempt in 0..10 {
            assert_eq!(limits.attempt("a@b.de", &format!("10.0.0.{attempt}")), Ok(()));
        }
        let refused = limits.attempt(" A@B.de", "10.0.0.99");
        assert_eq!(refused, Err(AppError::RateLimited { retry_after_s: 6 }));
        clock.advance(Duration::from_secs(6));
        assert_eq!(limits.attempt("a@b.de", "10.0.0.99"), Ok(()));
        assert!(limits.attempt("a@b.de", "10.0.0.99").is_err());
    }

    #[test]
    fn an_address_takes_thirty_attempts_against_whichever_accounts() {
        let (limits, _) = limits();
        let allowed = (0..100).filter(|n| limits.attempt(&format!("{n}@b.de"), "10.0.0.1").is_ok()).count();
        assert_eq!(allowed, 30);
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_count_together() {
        assert_eq!(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2:ffff::9"));
        assert_ne!(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
        assert_eq!(network_of("::ffff:10.0.0.1"), "10.0.0.1");
        assert_eq!(network_of("unknown"), "unknown");
    }

    #[test]
    fn a_million_addresses_need_no_more_counters_than_there_are() {
        let (limits, _) = limits();
        for n in 0..1_000_000_u32 {
            let _ = limits.count(&limits.addresses, &n.to_string());
        }
        assert!(limits.addresses.len() <= 65_536);
    }
}
