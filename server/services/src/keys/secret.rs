//! The secret of a key: `qd-` and 256 random bits in base64url. Only its SHA-256 is stored.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use foundation::{error::Error, random};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const BYTES: usize = 32;
const MARKER: &str = "qd-";
const PREFIX_LEN: usize = 10;

/// A newly generated secret.
pub(super) struct Secret(SecretString);

impl Secret {
    /// Generates a secret.
    ///
    /// # Errors
    ///
    /// The operating system provides no randomness.
    pub(super) fn generate() -> Result<Self, Error> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        random::fill(bytes.as_mut())?;
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()));
        Ok(Self(SecretString::from([MARKER, text.as_str()].concat())))
    }

    /// The plain text, for the one response that contains it.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The first characters, by which its owner recognises the key.
    pub(super) fn prefix(&self) -> &str {
        &self.expose()[..PREFIX_LEN]
    }

    /// SHA-256 of the plain text, the stored form.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.expose().as_bytes()).into()
    }
}

/// The stored form of a presented secret, or `None` if the text is not a well-formed secret.
pub(super) fn hash_of(presented: &str) -> Option<[u8; 32]> {
    let bits = presented.strip_prefix(MARKER)?;
    let well_formed = bits.len() == 43 && URL_SAFE_NO_PAD.decode(bits).is_ok_and(|bytes| bytes.len() == BYTES);
    well_formed.then(|| Sha256::digest(presented.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presented_secret_finds_its_stored_form() {
        let secret = Secret::generate().expect("randomness");
        assert_eq!(secret.expose().len(), 46);
        assert!(secret.expose().starts_with(secret.prefix()));
        assert_eq!((secret.prefix().len(), &secret.prefix()[..3]), (10, "qd-"));
        assert_eq!(hash_of(secret.expose()), Some(secret.hash()));
        assert_ne!(Secret::generate().expect("randomness").hash(), secret.hash());
    }

    #[test]
    fn what_cannot_be_a_secret_is_not_looked_up() {
        let bits = "A".repeat(43);
        assert!(hash_of(&format!("qd-{bits}")).is_some());
        for text in
            ["", "qd-", &bits, &format!("sk-{bits}"), &format!("qd-{bits}A"), &format!("qd-{}=", &bits[1..]), "qd-ü"]
        {
            assert_eq!(hash_of(text), None, "{text}");
        }
    }
}
