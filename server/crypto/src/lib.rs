//! What keeps prompts and answers unreadable in the database. Every member has a data key ([`Dek`]); fields are encrypted
//! under it; it is stored wrapped by a master key that never enters the database. The [`Keyring`] proves the configured
//! master keys before anything is served, and [`rotate`] moves everything to a new one while serving.

mod canary;
mod dek;
mod envelope;
mod field;
mod keyring;
mod master;
mod repo;
mod rotate;
mod wrap;

pub use dek::Dek;
pub use field::Field;
pub use keyring::Keyring;
pub use master::MasterKeys;
pub use rotate::{Rotation, rotate};
pub use wrap::Wrapped;
