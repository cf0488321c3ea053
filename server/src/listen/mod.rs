//! Accepting connections, and the limits on how long clients may take.

mod accept;
mod patience;
mod write_timeout;

pub use accept::serve;
pub use patience::Patience;
