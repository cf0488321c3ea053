//! Wrapping small secrets under a master key: members' data keys, and the API keys and headers of upstreams.
//!
//! Wrapping uses the same XChaCha20-Poly1305 envelope as fields, with the purpose, the owner and the key version as
//! associated data. OWASP ASVS recommends AES-256 key wrap; the deviation is deliberate: there is one primitive for
//! everything, and a random 192-bit nonce removes the need for a deterministic wrap. A data key copied into another
//! member's row cannot be unwrapped there, because the member's id is in the associated data.

use foundation::error::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    envelope::{self, Aad},
    master::MasterKey,
};

/// A secret as it is stored, and the version of the master key that it is wrapped under.
#[derive(Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// The content of the `bytea` column.
    pub bytes: Vec<u8>,
    /// The content of the key version column beside it.
    pub key_version: i32,
}

impl std::fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wrapped({} bytes, key version {})", self.bytes.len(), self.key_version)
    }
}

/// What a wrapped secret is for. It can be unwrapped for no other purpose.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    DataKey,
    UpstreamApiKey,
    UpstreamHeaders,
    Canary,
}

impl Purpose {
    /// Part of the associated data of every wrapped secret: changing a name makes stored secrets undecryptable.
    pub(super) fn name(self) -> &'static str {
        match self {
            Purpose::DataKey => "data_key",
            Purpose::UpstreamApiKey => "upstream_api_key",
            Purpose::UpstreamHeaders => "upstream_headers",
            Purpose::Canary => "canary",
        }
    }
}

pub(super) fn wrap(
    key: &MasterKey,
    version: i32,
    purpose: Purpose,
    owner: Uuid,
    secret: &[u8],
) -> Result<Wrapped, Error> {
    let bytes = envelope::encrypt(&key.0, &aad(version, purpose, owner), secret)?;
    Ok(Wrapped { bytes, key_version: version })
}

pub(super) fn unwrap(
    key: &MasterKey,
    version: i32,
    purpose: Purpose,
    owner: Uuid,
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    envelope::decrypt(&key.0, &aad(version, purpose, owner), wrapped)
}

fn aad(version: i32, purpose: Purpose, owner: Uuid) -> Aad {
    Aad::new().part(purpose.name().as_bytes()).part(owner.as_bytes()).part(&version.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::random_key;

    #[test]
    fn a_wrapped_secret_unwraps_only_for_its_owner_purpose_and_version() {
        let key = MasterKey(random_key().expect("randomness"));
        let owner = Uuid::now_v7();
        let wrapped = wrap(&key, 1, Purpose::DataKey, owner, b"secret").expect("wraps").bytes;
        assert_eq!(**unwrap(&key, 1, Purpose::DataKey, owner, &wrapped).expect("unwraps"), *b"secret");

        assert!(unwrap(&key, 1, Purpose::DataKey, Uuid::now_v7(), &wrapped).is_err());
        assert!(unwrap(&key, 1, Purpose::UpstreamApiKey, owner, &wrapped).is_err());
        assert!(unwrap(&key, 2, Purpose::DataKey, owner, &wrapped).is_err());
        let other = MasterKey(random_key().expect("randomness"));
        assert!(unwrap(&other, 1, Purpose::DataKey, owner, &wrapped).is_err());
    }

    #[test]
    fn any_byte_changed_makes_a_wrapped_key_useless() {
        let key = MasterKey(random_key().expect("randomness"));
        let owner = Uuid::now_v7();
        let wrapped = wrap(&key, 1, Purpose::DataKey, owner, &[7; 32]).expect("wraps").bytes;
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert!(unwrap(&key, 1, Purpose::DataKey, owner, &changed).is_err(), "byte {at}");
        }
    }
}
