//! Heuristics for private data in a text: keys, e-mail addresses, long numbers. They help the owner; they guarantee nothing.

use crate::{position::letter, share::SharedContent};

/// How many warnings are listed at most.
const LISTED: usize = 20;
/// From this many digits a number may be one of a card, an account or a telephone.
const DIGITS: usize = 9;
/// From this many characters a word of mixed letters and digits may be a key.
const KEY: usize = 24;

/// Something that looks private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub kind: WarningKind,
    /// Where it was found: `Prompt`, `System prompt`, `Answer A`.
    pub place: String,
    /// The text itself, shortened.
    pub text: String,
}

/// What a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    Key,
    Email,
    Number,
}

impl WarningKind {
    /// The name that users read.
    pub fn name(self) -> &'static str {
        match self {
            WarningKind::Key => "Looks like a key",
            WarningKind::Email => "E-mail address",
            WarningKind::Number => "Long number",
        }
    }
}

/// Everything that looks private in what readers would see, each text once for each place.
pub fn warnings(content: &SharedContent) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut look = |place: String, text: &str| {
        for (kind, text) in suspects(text) {
            let warning = Warning { kind, place: place.clone(), text: shortened(&text) };
            if found.len() < LISTED && !found.contains(&warning) {
                found.push(warning);
            }
        }
    };
    look("Prompt".into(), &content.prompt);
    look("System prompt".into(), content.system_prompt.as_deref().unwrap_or_default());
    for run in &content.runs {
        let name = letter(usize::from(run.position));
        look(format!("Answer {name}"), run.result.response_content.as_deref().unwrap_or_default());
        look(format!("Reasoning {name}"), run.result.reasoning_content.as_deref().unwrap_or_default());
    }
    found
}

/// The suspicious parts of one text.
fn suspects(text: &str) -> Vec<(WarningKind, String)> {
    let words = text.split(|c: char| c.is_whitespace() || "\"'`<>()[]{},;|\\“”„‘’‚«»…".contains(c));
    let mut found: Vec<(WarningKind, String)> = words.filter_map(word).collect();
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY") {
        found.insert(0, (WarningKind::Key, "-----BEGIN … PRIVATE KEY-----".into()));
    }
    found.extend(numbers(text).into_iter().map(|number| (WarningKind::Number, number)));
    found
}

fn word(word: &str) -> Option<(WarningKind, String)> {
    let trimmed = word.trim_matches(|c: char| ".:!?*_=".contains(c));
    // In `api_key=sk-…` and `Authorization:Bearer…` the value is behind the last separator.
    let value = trimmed.rsplit(['=', ':']).next().unwrap_or(trimmed);
    if is_email(trimmed) {
        return Some((WarningKind::Email, trimmed.to_owned()));
    }
    is_key(value).then(|| (WarningKind::Key, value.to_owned()))
}

fn is_email(word: &str) -> bool {
    let Some((local, domain)) = word.trim_start_matches("mailto:").split_once('@') else { return false };
    let fits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "._%+-".contains(c));
    fits(local) && fits(domain) && domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty())
}

fn is_key(word: &str) -> bool {
    const BEGINNINGS: [&str; 14] = [
        "sk-",
        "sk_",
        "pk_",
        "rk_",
        "qd-",
        "ghp_",
        "gho_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "xoxp-",
        "AKIA",
        "AIza",
        "eyJ",
    ];
    let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+/".contains(&byte));
    if !is_plain || word.len() < 16 {
        return false;
    }
    if BEGINNINGS.iter().any(|beginning| word.starts_with(beginning)) {
        return true;
    }
    // Otherwise: a long part without separators, of digits and letters mixed. URLs and slugs have shorter parts.
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    let longest = word.split(['-', '_', '.', '/']).map(str::len).max().unwrap_or_default();
    longest >= KEY && digits >= 4 && letters >= 4
}

/// Sequences of digits, with the separators common in telephone, card and account numbers.
fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current = String::new();
    let mut digits = 0;
    let mut before = ' ';
    for c in text.chars().chain([' ', ' ']) {
        let joins = c.is_ascii_digit() || (digits > 0 && " -/().".contains(c) && !" -/().".contains(before));
        if joins && !(digits == 0 && before.is_alphanumeric()) {
            current.push(c);
            digits += usize::from(c.is_ascii_digit());
        } else {
            let number = current.trim_end_matches([' ', '-', '/', '(', ')', '.']);
            let is_word = c.is_alphabetic() && before.is_ascii_digit();
            if digits >= DIGITS && !is_word && !is_decimal(number) {
                found.push(number.to_owned());
            }
            current.clear();
            digits = 0;
        }
        before = c;
    }
    found
}

/// A decimal fraction such as `3.14159265358979` is long, but identifies nobody.
fn is_decimal(number: &str) -> bool {
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    number.split_once('.').is_some_and(|(whole, rest)| whole.len() <= 3 && all_digits(whole) && all_digits(rest))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(32) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(WarningKind, String)> {
        suspects(text)
    }

    #[test]
    fn keys_addresses_and_long_numbers_are_found() {
        use WarningKind::{Email, Key, Number};
        for (text, kind, found) in [
            ("use sk-proj-abcdefghij1234567890 for it", Key, "sk-proj-abcdefghij1234567890"),
            ("api_key=ghp_abcdefghijklmnop1234", Key, "ghp_abcdefghijklmnop1234"),
            ("token: 9f8e7d6c5b4a39281706f5e4d3c2b1a0", Key, "9f8e7d6c5b4a39281706f5e4d3c2b1a0"),
            ("-----BEGIN RSA PRIVATE KEY-----", Key, "-----BEGIN … PRIVATE KEY-----"),
            ("Write to <ada.l+x@example.org>, please.", Email, "ada.l+x@example.org"),
            ("“Write to ada@example.org”, she said.", Email, "ada@example.org"),
            ("card 4111 1111 1111 1111 is gone", Number, "4111 1111 1111 1111"),
            ("call 030/123-456-789!", Number, "030/123-456-789"),
        ] {
            assert_eq!(kinds(text), [(kind, found.to_owned())], "{text}");
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "In 2026, on 21 Nov, at 10:05, it cost $1 234.50 for 3 of them.",
            "https://example.org/a/rather/long/path/with-many-words-in-it",
            "snake_case_identifiers_that_are_long and std::collections::HashMap",
            "a @ b, @handle, foo@bar",
            "Donaudampfschifffahrtsgesellschaftskapitän",
            "0.1 + 0.2 = 0.30000004",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }
}
