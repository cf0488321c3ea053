//! The data key of one member.

use domain::UserId;
use foundation::error::Error;

use crate::envelope::{KeyBytes, random_key};

/// The data encryption key of one member. It carries the member's id, so a field encrypted with it is bound to that member.
/// Wiped from memory when dropped, redacted in debug output.
pub struct Dek {
    pub(super) key: KeyBytes,
    pub(super) user: UserId,
    pub(super) version: i32,
}

/// The version of a data key, part of every field's associated data. Rotating the master key re-wraps data keys without
/// changing them, so this stays 1 until data keys themselves are replaced.
const DEK_VERSION: i32 = 1;

impl Dek {
    pub(super) fn generate(user: UserId) -> Result<Self, Error> {
        Ok(Self::new(random_key()?, user))
    }

    pub(super) fn new(key: KeyBytes, user: UserId) -> Self {
        Self { key, user, version: DEK_VERSION }
    }

    /// Whose key this is.
    pub fn user(&self) -> UserId {
        self.user
    }
}

impl std::fmt::Debug for Dek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dek").field("user", &self.user).field("key", &"[redacted]").finish()
    }
}
