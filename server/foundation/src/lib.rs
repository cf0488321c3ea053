//! What every crate of the server builds on: errors with their remedies, the clock, randomness, background tasks, and suggestions for
//! mistyped names.

pub mod clock;
pub mod error;
pub mod random;
pub mod shutdown;
pub mod suggest;
