//! The master keys: each wraps users' data keys. Several may be configured while a rotation is under way: the first encrypts,
//! the others only decrypt.

mod key;
mod key_file;
mod source;

pub use key::MasterKey;
pub use source::MasterKeySource;
