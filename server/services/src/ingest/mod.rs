//! Usage that others tell of: those who have a gateway already still get their leaderboard.

pub mod litellm;
