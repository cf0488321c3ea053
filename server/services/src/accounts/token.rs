//! The bearer tokens of sign-ins and invitations.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use foundation::{error::Error, random};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// 256 random bits in base64url. Only their SHA-256 is stored, so that a copy of the database cannot be used to sign in.
pub(super) struct Token(Zeroizing<String>);

const BYTES: usize = 32;

impl Token {
    pub(super) fn generate() -> Result<Self, Error> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        random::fill(bytes.as_mut())?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()))))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// The stored hash of a token that is presented; `None` for what does not have the form of one.
pub(super) fn hash_of(presented: &str) -> Option<[u8; 32]> {
    let well_formed = URL_SAFE_NO_PAD.decode(presented).is_ok_and(|bytes| bytes.len() == BYTES);
    well_formed.then(|| Sha256::digest(presented.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presented_token_finds_its_stored_form() {
        let token = Token::generate().expect("randomness");
        assert_eq!(token.as_str().len(), 43);
        assert_eq!(hash_of(token.as_str()), Some(token.hash()));
        assert_ne!(Token::generate().expect("randomness").hash(), token.hash());
    }

    #[test]
    fn what_cannot_be_a_token_is_not_looked_up() {
        for text in ["", "x", "ünïcödé", &"A".repeat(42), &"A".repeat(44), &format!("{}=", "A".repeat(43))] {
            assert_eq!(hash_of(text), None, "{text}");
        }
    }
}
