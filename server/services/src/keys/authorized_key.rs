//! What the gateway knows of a key that may be used.

use domain::{KeyId, UserId};

/// A key that is not revoked, of a member who is not disabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizedKey {
    pub id: KeyId,
    pub user_id: UserId,
    /// Public names that the key may use; `None`: every model.
    pub models: Option<Vec<String>>,
    pub requests_per_minute: Option<u32>,
}
