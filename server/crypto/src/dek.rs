//! A member's data key.

use domain::UserId;
use foundation::error::Error;

use crate::envelope::{KeyBytes, random_key};

/// The key that one member's fields are encrypted under. It knows whose it is, so a field encrypted with it is bound to that
/// member. Wiped when dropped, never printed.
pub struct Dek {
    pub(super) key: KeyBytes,
    pub(super) user: UserId,
    pub(super) version: i32,
}

/// The version of a member's data key, part of every field's associated data. Rotating the master key re-wraps data keys
/// and leaves them as they are, so all fields of a member are of version 1 until data keys themselves are ever replaced.
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
