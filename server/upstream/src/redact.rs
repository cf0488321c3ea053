//! Makes an upstream's message fit to be shown: short, on one line, without secrets, control characters and characters that
//! change the direction of text.

use domain::text::is_deceptive;

/// Most characters of a quotation.
const MAX_CHARACTERS: usize = 500;

/// Prefixes of the API keys of common providers.
const KEY_PREFIXES: &[&str] =
    &["sk-", "sk_", "pk-", "gsk_", "xai-", "hf_", "r8_", "pplx-", "nvapi-", "AIza", "ghp_", "eyJ", "AKIA", "csk-"];

/// Placeholder for redacted text while redaction is going on, from a private use area: the final `[redacted]` would itself
/// be searched for keys.
const MARK: char = '\u{e000}';

/// The text as one line of at most 500 characters; `None` if nothing is left or it is a web page. `key` holds the secrets to
/// redact, each on a line of its own.
pub(super) fn quotation(words: &str, key: Option<&str>) -> Option<String> {
    if is_markup(words) {
        return None;
    }
    // Redaction comes before the cut, because a key that is cut in two would not be recognised. Four times the limit bounds
    // the work.
    let words: String = words.chars().take(4 * MAX_CHARACTERS).map(|c| if is_deceptive(c) { ' ' } else { c }).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = without_keys(&words, key);
    let mut cut: String = words.chars().take(MAX_CHARACTERS).collect();
    if cut.len() < words.len() {
        cut.pop();
        cut.push('…');
    }
    (!cut.is_empty()).then_some(cut)
}

fn is_markup(words: &str) -> bool {
    let start: String = words.trim_start_matches('\u{feff}').trim_start().chars().take(1_000).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with('<')
        || ["<html", "<!doctype", "<body", "<head", "<script", "</"].iter().any(|tag| start.contains(tag))
}

fn without_keys(words: &str, key: Option<&str>) -> String {
    let secrets = key.into_iter().flat_map(str::lines).map(str::trim).filter(|key| key.len() >= 4);
    let words = secrets.fold(words.to_owned(), |words, key| words.replace(key, &MARK.to_string()));
    let mut kept = String::with_capacity(words.len());
    let mut after_scheme = false;
    for token in tokens(&words) {
        let is_word = token.starts_with(is_key_character);
        if is_word && (after_scheme || looks_like_key(token, key)) {
            kept.push(MARK);
            after_scheme = false;
        } else {
            kept.push_str(token);
            if is_word || token.contains(MARK) {
                after_scheme = ["bearer", "basic"].iter().any(|scheme| token.eq_ignore_ascii_case(scheme));
            }
        }
    }
    kept.replace(MARK, "[redacted]")
}

/// Splits into alternating runs of key characters and of others.
fn tokens(words: &str) -> impl Iterator<Item = &str> {
    let mut rest = words;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let kind = is_key_character(first);
        let end = rest.find(|c| is_key_character(c) != kind).unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

/// Includes asterisk and dot because providers echo keys as `sk-ab***yz`.
fn is_key_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '.' | '+' | '=')
}

fn looks_like_key(token: &str, key: Option<&str>) -> bool {
    let bare = token.trim_end_matches('.');
    let has_prefix = KEY_PREFIXES.iter().any(|prefix| {
        // `sk-` also begins names such as `sk-learn`; a key is longer.
        bare.strip_prefix(prefix).is_some_and(|rest| rest.len() >= 8 || rest.contains('*'))
    });
    has_prefix || key.is_some_and(|key| bare.len() >= 8 && key.contains(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "my-own-secret-0123456789";

    #[test]
    fn every_one_of_several_secrets_is_redacted() {
        let secrets = "my-own-secret-0123456789\nanother-value";
        assert_eq!(
            quotation("my-own-secret-0123456789 and another-value", Some(secrets)).as_deref(),
            Some("[redacted] and [redacted]")
        );
    }

    #[test]
    fn keys_in_an_upstreams_words_are_redacted() {
        let cases = [
            ("Incorrect API key provided: sk-abc***xyz.", "Incorrect API key provided: [redacted]"),
            ("key sk-proj-0123456789abcdef is bad", "key [redacted] is bad"),
            ("got Authorization: Bearer abc.def-123 from you", "got Authorization: Bearer [redacted] from you"),
            (
                "got {\"authorization\":\"bearer my-own-secret-0123456789\"}",
                "got {\"authorization\":\"bearer [redacted]\"}",
            ),
            ("the key my-own-secret-0123456789 is bad", "the key [redacted] is bad"),
            ("the key xmy-own-secret-0123456789x is bad", "the key x[redacted]x is bad"),
            ("ends in secret-0123456789", "ends in [redacted]"),
            ("AIzaSyA0123456789 and gsk_0123456789abc", "[redacted] and [redacted]"),
        ];
        for (words, expected) in cases {
            assert_eq!(quotation(words, Some(KEY)).as_deref(), Some(expected));
        }
    }

    #[test]
    fn ordinary_words_stay() {
        for words in [
            "This model does not support temperature.",
            "model llama-v3p1-405b-instruct-0123456789 not found",
            "sk-learn is a library; use max_completion_tokens=5",
            "Grüße, 模型不存在 👩‍🚀",
        ] {
            assert_eq!(quotation(words, Some(KEY)).as_deref(), Some(words));
        }
    }

    #[test]
    fn control_and_bidirectional_characters_become_spaces() {
        let words = "a\u{0}b\r\n\tc\u{202e}d\u{2066}e\u{200f}f\u{1b}[31mg";
        assert_eq!(quotation(words, None).as_deref(), Some("a b c d e f [31mg"));
        assert_eq!(quotation("\u{202e}\u{0} \n", None), None);
    }

    #[test]
    fn long_words_are_cut_and_a_key_across_the_cut_is_redacted() {
        let cut = quotation(&"é".repeat(600), None).expect("words");
        assert_eq!(cut.chars().count(), 500);
        assert!(cut.ends_with('…'));
        let across = format!("{} {KEY}", "a".repeat(490));
        assert!(!quotation(&across, Some(KEY)).expect("words").contains("my-own"));
    }

    #[test]
    fn web_pages_are_never_quoted() {
        for page in [
            "<html><body>Bad gateway</body></html>",
            "  \n<!DOCTYPE html>",
            "\u{feff}<h1>x</h1>",
            "error: <script>alert(1)</script>",
            "oops </div>",
        ] {
            assert_eq!(quotation(page, None), None, "{page}");
        }
    }
}
