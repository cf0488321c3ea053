//! Finds an upstream's own secrets in answers: its API key, and the values of custom headers that carry credentials. An upstream
//! that echoes requests would show them to every member. Occurrences are replaced before anything is stored or sent.

use std::borrow::Cow;

use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};

/// What is shown in place of a secret.
pub const REPLACEMENT: &str = "[redacted]";
/// Bytes of the shortest secret that is looked for. Shorter ones are ordinary words, of which nothing would be left.
const MIN_SECRET: usize = 8;
/// Bytes of a secret from which on the end of a piece is held back. Shorter beginnings pass, so that ordinary text is not
/// delayed; the rest of a secret that follows them is replaced all the same.
const MIN_HELD: usize = 4;

/// The secrets of one upstream. `Debug` shows none of them.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<SecretString>);

impl Secrets {
    /// Those of these values that are long enough to be a secret, without `Bearer` or `Basic` before them. Longer ones come
    /// first, since one may contain the other.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let bare = |value: &'a str| {
            let value = value.trim();
            ["Bearer ", "bearer ", "Basic ", "basic "]
                .iter()
                .find_map(|scheme| value.strip_prefix(scheme))
                .unwrap_or(value)
        };
        let is_secret = |value: &&str| value.len() >= MIN_SECRET && !REPLACEMENT.contains(*value);
        let mut secrets: Vec<&str> = values.into_iter().map(bare).filter(is_secret).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self(secrets.into_iter().map(SecretString::from).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text without secrets; `None` where it has none.
    pub fn redact(&self, text: &str) -> Option<String> {
        let mut redacted = Cow::Borrowed(text);
        for secret in self.each().filter(|secret| text.contains(*secret)) {
            redacted = redacted.replace(secret, REPLACEMENT).into();
        }
        matches!(redacted, Cow::Owned(_)).then(|| redacted.into_owned())
    }

    /// The bytes without secrets; `None` where they have none.
    pub fn redact_bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut redacted: Option<Vec<u8>> = None;
        for secret in self.each() {
            let current = redacted.as_deref().unwrap_or(bytes);
            let found: Vec<usize> = memmem::find_iter(current, secret).collect();
            if found.is_empty() {
                continue;
            }
            let (mut out, mut at) = (Vec::with_capacity(current.len()), 0);
            for start in found {
                out.extend_from_slice(&current[at..start]);
                out.extend_from_slice(REPLACEMENT.as_bytes());
                at = start + secret.len();
            }
            out.extend_from_slice(&current[at..]);
            redacted = Some(out);
        }
        redacted
    }

    /// Whether the text contains a secret.
    pub fn are_in(&self, text: &str) -> bool {
        self.each().any(|secret| text.contains(secret))
    }

    /// Bytes at the end of the text that may be the beginning of a secret and are held back.
    pub fn held(&self, text: &str) -> usize {
        let overlap = |secret: &str| {
            let longest = (secret.len() - 1).min(text.len());
            (MIN_HELD..=longest).rev().find(|length| {
                text.is_char_boundary(text.len() - length) && secret.starts_with(&text[text.len() - length..])
            })
        };
        self.each().filter_map(overlap).max().unwrap_or(0)
    }

    /// Bytes of the longest beginning of a secret.
    fn longest_beginning(&self) -> usize {
        self.0.first().map_or(0, |secret| secret.expose_secret().len() - 1)
    }

    fn each(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(ExposeSecret::expose_secret)
    }
}

/// Replaces secrets in one text that arrives in pieces, also those that are cut by the border of two pieces.
#[derive(Debug, Default)]
pub struct TextRedactor {
    /// What has arrived last: `passed` bytes that have been returned, and those that are held back.
    tail: String,
    passed: usize,
    /// Whether a secret was replaced.
    pub has_redacted: bool,
}

impl TextRedactor {
    /// Takes the next piece and returns what may be passed on.
    pub fn push(&mut self, secrets: &Secrets, piece: &str) -> String {
        if secrets.is_empty() {
            return piece.to_owned();
        }
        self.tail.push_str(piece);
        if secrets.are_in(&self.tail) {
            self.has_redacted = true;
            self.replace(secrets);
        }
        let end = self.tail.len() - secrets.held(&self.tail);
        let end = end.max(self.passed);
        let out = self.tail[self.passed..end].to_owned();
        self.passed = end;
        self.trim(secrets.longest_beginning());
        out
    }

    /// The text has ended: returns what is held back.
    pub fn finish(&mut self) -> String {
        let rest = self.tail[self.passed..].to_owned();
        *self = Self { has_redacted: self.has_redacted, ..Self::default() };
        rest
    }

    /// Whether something is held back.
    pub fn is_holding(&self) -> bool {
        self.passed < self.tail.len()
    }

    /// Replaces every secret by the word for it. Of a secret whose beginning has been passed on, the rest is replaced.
    fn replace(&mut self, secrets: &Secrets) {
        for secret in secrets.each() {
            while let Some(at) = self.tail.find(secret) {
                let start = at.max(self.passed);
                self.tail.replace_range(start..at + secret.len(), REPLACEMENT);
            }
        }
    }

    fn trim(&mut self, kept: usize) {
        let mut start = self.passed.saturating_sub(kept);
        while !self.tail.is_char_boundary(start) {
            start += 1;
        }
        self.tail.drain(..start);
        self.passed -= start;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "sk-own-secret-0123456789";

    fn secrets() -> Secrets {
        Secrets::new([KEY, "Bearer other-secret-value", "short"])
    }

    fn pass<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
        let (secrets, mut redactor) = (secrets(), TextRedactor::default());
        let mut out: String = pieces.into_iter().map(|piece| redactor.push(&secrets, piece)).collect();
        out.push_str(&redactor.finish());
        out
    }

    #[test]
    fn a_secret_is_replaced_wherever_it_is_cut() {
        let text = format!("The key is {KEY}, and {KEY}{KEY} é other-secret-value short");
        let expected = "The key is [redacted], and [redacted][redacted] é [redacted] short";
        assert_eq!(pass([text.as_str()]), expected);
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            let (head, tail) = text.split_at(cut);
            let out = pass([head, tail]);
            // Up to three letters of the beginning may have been passed on before the secret was recognised.
            let closest = out.replace("sk-[redacted]", "[redacted]").replace("sk[redacted]", "[redacted]");
            let closest = closest.replace("s[redacted]", "[redacted]").replace("oth[redacted]", "[redacted]");
            let closest = closest.replace("ot[redacted]", "[redacted]").replace("o[redacted]", "[redacted]");
            assert_eq!(closest, expected, "cut at {cut}");
        }
        let letters: Vec<String> = text.chars().map(String::from).collect();
        let out = pass(letters.iter().map(String::as_str));
        assert!(!out.contains(KEY) && !out.contains("own-secret") && !out.contains("other-secret"), "{out}");
    }

    #[test]
    fn ordinary_text_is_neither_changed_nor_held_back() {
        let (secrets, mut redactor) = (secrets(), TextRedactor::default());
        assert_eq!(redactor.push(&secrets, "it is"), "it is");
        assert_eq!(redactor.push(&secrets, " sk-o"), " ");
        assert!(redactor.is_holding());
        assert_eq!(redactor.push(&secrets, "ld"), "sk-old");
        assert!(!redactor.has_redacted);
        assert_eq!(Secrets::new([KEY]).redact("nothing"), None);
        assert_eq!(Secrets::new([KEY]).redact(&format!("a{KEY}b")).as_deref(), Some("a[redacted]b"));
        assert!(!format!("{secrets:?}").contains("own-secret"));
    }

    proptest! {
        #[test]
        fn no_secret_comes_out_however_the_text_is_cut(
            parts in prop::collection::vec(prop_oneof![
                Just(KEY.to_owned()), Just("sk-own".to_owned()), Just("other-secret-value".to_owned()), "[a-zé ]{0,5}",
            ], 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let text = parts.concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).filter(|cut| text.is_char_boundary(*cut)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let out = pass(cuts.windows(2).map(|ends| &text[ends[0]..ends[1]]));
            prop_assert!(!out.contains(KEY) && !out.contains("other-secret-value"), "{out}");
            if !secrets().are_in(&text) {
                prop_assert_eq!(out, text);
            }
        }
    }
}
