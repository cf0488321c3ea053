//! Envelope encryption of prompts and answers. Every member has a data key ([`Dek`]), under which fields are encrypted; it is
//! stored wrapped under a master key, which is never stored in the database. The [`Keyring`] verifies the configured master
//! keys before anything is served, and [`rotate`] re-wraps everything under a new one while the server is running.

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
