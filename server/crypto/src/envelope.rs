//! One encrypted blob: version byte ‖ 24-byte nonce ‖ XChaCha20-Poly1305 ciphertext ‖ 16-byte tag
//! (draft-irtf-cfrg-xchacha).
//!
//! The nonce is never a parameter: each encryption draws 192 random bits, of which a collision is negligibly likely. A blob
//! is bound to its place by its associated data and cannot be decrypted elsewhere. Replay of an older blob of the same place
//! is not detected by this construction.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use foundation::{error::Error, random};
use zeroize::Zeroizing;

/// The version of the layout. It is part of the associated data too, which rules out downgrades from a later layout.
const VERSION: u8 = 1;
const NONCE_LEN: usize = 24;

/// The length of every key, in bytes.
pub(super) const KEY_LEN: usize = 32;

/// A key that is wiped when dropped.
pub(super) type KeyBytes = Zeroizing<[u8; KEY_LEN]>;

/// A key from the operating system's random number generator.
pub(super) fn random_key() -> Result<KeyBytes, Error> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    random::fill(key.as_mut())?;
    Ok(key)
}

/// Associated data: the version, then each part prefixed with its length as 32 bits in big-endian order. The encoding is
/// injective: different lists of parts never yield the same bytes.
pub(super) struct Aad(Vec<u8>);

impl Aad {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(128)).part(&[VERSION])
    }

    pub(super) fn part(mut self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
}

/// Encrypts under a fresh nonce.
pub(super) fn encrypt(key: &KeyBytes, aad: &Aad, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE_LEN];
    random::fill(&mut nonce)?;
    let ciphertext = cipher(key)
        .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad: &aad.0 })
        .map_err(|_| Error::Encryption("could not encrypt"))?;
    let mut encrypted = Vec::with_capacity(1 + NONCE_LEN + ciphertext.len());
    encrypted.push(VERSION);
    encrypted.extend_from_slice(&nonce);
    encrypted.extend_from_slice(&ciphertext);
    Ok(encrypted)
}

/// Decrypts and authenticates. Every failure is the same error, so that it reveals nothing about the cause.
pub(super) fn decrypt(key: &KeyBytes, aad: &Aad, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    const REFUSED: Error = Error::Encryption("cannot be decrypted");
    let (&version, rest) = encrypted.split_first().ok_or(REFUSED)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or(REFUSED)?;
    if version != VERSION {
        return Err(REFUSED);
    }
    cipher(key)
        .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad.0 })
        .map(Zeroizing::new)
        .map_err(|_| REFUSED)
}

fn cipher(key: &KeyBytes) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_associated_data_cannot_be_shifted_into_each_other() {
        assert_ne!(Aad::new().part(b"ab").part(b"c").0, Aad::new().part(b"a").part(b"bc").0);
        assert_ne!(Aad::new().part(b"").part(b"a").0, Aad::new().part(b"a").part(b"").0);
    }

    #[test]
    fn any_byte_changed_or_cut_off_makes_it_unreadable() {
        let key = random_key().expect("randomness");
        let aad = Aad::new().part(b"here");
        let encrypted = encrypt(&key, &aad, b"nobody else's business").expect("encrypts");
        assert_eq!(**decrypt(&key, &aad, &encrypted).expect("decrypts"), *b"nobody else's business");
        for at in 0..encrypted.len() {
            for bit in 0..8 {
                let mut changed = encrypted.clone();
                changed[at] ^= 1 << bit;
                assert!(decrypt(&key, &aad, &changed).is_err(), "byte {at}, bit {bit}");
            }
            assert!(decrypt(&key, &aad, &encrypted[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_version_byte_is_refused() {
        let key = random_key().expect("randomness");
        let encrypted = encrypt(&key, &Aad::new(), b"x").expect("encrypts");
        for version in (0..=u8::MAX).filter(|version| *version != VERSION) {
            let mut downgraded = encrypted.clone();
            downgraded[0] = version;
            assert!(decrypt(&key, &Aad::new(), &downgraded).is_err());
        }
    }

    #[test]
    fn every_failure_reads_the_same() {
        let key = random_key().expect("randomness");
        let encrypted = encrypt(&key, &Aad::new(), b"x").expect("encrypts");
        let mut flipped = encrypted.clone();
        flipped[30] ^= 1;
        let other_key = random_key().expect("randomness");
        let failures = [
            decrypt(&key, &Aad::new(), &[]),
            decrypt(&key, &Aad::new(), &[0]),
            decrypt(&key, &Aad::new(), &flipped),
            decrypt(&key, &Aad::new().part(b"elsewhere"), &encrypted),
            decrypt(&other_key, &Aad::new(), &encrypted),
        ];
        for failure in failures {
            assert_eq!(failure.expect_err("must fail").to_string(), "encryption: cannot be decrypted");
        }
    }

    #[test]
    fn no_nonce_comes_twice() {
        let key = random_key().expect("randomness");
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100_000 {
            let encrypted = encrypt(&key, &Aad::new(), b"").expect("encrypts");
            assert!(seen.insert(encrypted[1..=NONCE_LEN].to_vec()));
        }
    }
}
