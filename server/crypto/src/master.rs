//! The master keys as configured by the operator.

use foundation::error::{Error, OperatorError};
use zeroize::Zeroizing;

use crate::envelope::{KEY_LEN, KeyBytes};

/// One master key. Wiped from memory when dropped, never printed.
#[derive(Clone)]
pub(super) struct MasterKey(pub(super) KeyBytes);

/// The configured master keys. The first is the primary, under which new secrets are wrapped; the others are older ones that
/// may still be in use, or the next one, distributed ahead of a rotation.
pub struct MasterKeys(Vec<MasterKey>);

impl MasterKeys {
    /// The keys in configured order. The configuration rejects zero keys and duplicates.
    ///
    /// # Errors
    /// Where there is no key.
    pub fn new(keys: Vec<Zeroizing<[u8; KEY_LEN]>>) -> Result<Self, Error> {
        if keys.is_empty() {
            let remedy = "set QUADRILLE_MASTER_KEY or QUADRILLE_MASTER_KEY_FILE";
            return Err(OperatorError::usage("there is no master key", remedy).into());
        }
        Ok(Self(keys.into_iter().map(MasterKey).collect()))
    }

    /// Primary first; never empty.
    pub(super) fn into_keys(self) -> Vec<MasterKey> {
        self.0
    }
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKeys({} keys, [redacted])", self.0.len())
    }
}
