//! Usage reported by other gateways, so that the leaderboard also covers traffic that does not pass through this one.

pub mod litellm;
