//! The random part of a share link.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use foundation::{error::Error, random};

const BYTES: usize = 16;

/// 128 bits of the operating system's randomness in base64url, so that slugs cannot be guessed.
///
/// # Errors
/// Where the operating system gives no randomness.
pub(super) fn generate() -> Result<String, Error> {
    let mut bytes = [0; BYTES];
    random::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether a text has the form of a slug; others need no look-up.
pub(super) fn is_well_formed(slug: &str) -> bool {
    URL_SAFE_NO_PAD.decode(slug).is_ok_and(|bytes| bytes.len() == BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_well_formed_and_differ() {
        let slugs: std::collections::HashSet<String> = (0..1_000).map(|_| generate().expect("randomness")).collect();
        assert_eq!(slugs.len(), 1_000);
        assert!(slugs.iter().all(|slug| slug.len() == 22 && is_well_formed(slug)));
    }

    #[test]
    fn what_cannot_be_a_slug_is_refused() {
        for text in ["", "x", "ünïcödé", &"A".repeat(21), &"A".repeat(23), "AAAAAAAAAAAAAAAAAAAA/A", "' OR 1=1"] {
            assert!(!is_well_formed(text), "{text}");
        }
    }
}
