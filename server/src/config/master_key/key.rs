//! One master key: 32 bytes, written as base64.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use foundation::error::OperatorError;
use zeroize::Zeroizing;

/// One master key. Wiped from memory when dropped.
pub type MasterKey = Zeroizing<[u8; 32]>;

/// The remedy where a key is missing or malformed.
pub(super) const MAKE_A_KEY: &str = "make one with `openssl rand -base64 32` and keep a copy outside the database";

/// A key from the operating system's random number generator.
pub(super) fn generate_key() -> Result<MasterKey, OperatorError> {
    let mut key = MasterKey::default();
    foundation::random::fill(&mut *key)
        .map_err(|_| OperatorError::new("the system gives no random numbers", "check that /dev/urandom is there"))?;
    Ok(key)
}

/// Decodes keys separated by commas or white space. `origin` names the variable or file in messages, which never quote a
/// key.
pub(super) fn decode_keys(origin: &str, text: &str) -> Result<Vec<MasterKey>, OperatorError> {
    let mut keys: Vec<MasterKey> = Vec::new();
    for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
        let position = keys.len() + 1;
        let key = decode_key(word).ok_or_else(|| {
            OperatorError::new(format!("key {position} in {origin} is not 32 bytes in base64"), MAKE_A_KEY)
        })?;
        if *key == [0; 32] {
            return Err(OperatorError::new(format!("key {position} in {origin} is all zeros"), MAKE_A_KEY));
        }
        if keys.contains(&key) {
            return Err(OperatorError::new(format!("key {position} in {origin} is there twice"), "name each key once"));
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(OperatorError::new(format!("{origin} holds no key"), MAKE_A_KEY));
    }
    Ok(keys)
}

/// Accepts the standard and the URL-safe alphabet, with and without padding.
fn decode_key(word: &str) -> Option<MasterKey> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [&STANDARD, &URL_SAFE].into_iter().find_map(|alphabet| {
        let bytes = Zeroizing::new(GeneralPurpose::new(alphabet, config).decode(word).ok()?);
        let mut key = MasterKey::default();
        (bytes.len() == key.len()).then(|| key.copy_from_slice(&bytes))?;
        Some(key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const TWO: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

    #[test]
    fn several_keys_may_be_separated_by_commas_and_white_space() {
        for text in [format!("{ONE},{TWO}"), format!(" {ONE}\n{TWO}\n"), format!("{ONE} ,\t{TWO}")] {
            let keys = decode_keys("X", &text).unwrap();
            assert_eq!(keys.iter().map(|key| key[0]).collect::<Vec<_>>(), [1, 2]);
        }
    }

    #[test]
    fn both_alphabets_are_read_with_and_without_padding() {
        let bytes = [0xfb; 32];
        let standard = base64::engine::general_purpose::STANDARD.encode(bytes);
        let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        assert_ne!(standard.trim_end_matches('='), url_safe);
        for text in [standard, url_safe] {
            assert_eq!(*decode_key(&text).unwrap(), bytes);
        }
    }

    #[test]
    fn a_bad_key_is_refused_and_not_repeated() {
        let short = "AQEBAQEBAQEB";
        let zeros = base64::engine::general_purpose::STANDARD.encode([0; 32]);
        for text in ["", " , ", short, "hunter2!", &zeros, &format!("{ONE},{ONE}"), &format!("{ONE},{short}")] {
            let refusal = decode_keys("QUADRILLE_MASTER_KEY", text).unwrap_err().to_string();
            assert!(!refusal.contains("hunter2") && !refusal.contains(short) && !refusal.contains(ONE), "{refusal}");
        }
    }
}
