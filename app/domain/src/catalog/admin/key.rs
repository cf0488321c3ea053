//! An upstream's key as people paste it.

use std::fmt;

use crate::text::is_unfit_for_names;

/// Longest key, in bytes: some providers' are signed tokens of several hundred.
const LONGEST_KEY: usize = 4_096;

/// Why a pasted text is no key. The text itself is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Nothing is left when quotation marks, spaces and the word Bearer are gone.
    Empty,
    TooLong,
    /// It is shortened, as a provider's page shows a key that it does not show again.
    Shortened,
    /// White space or characters that no header can have are in the middle of it.
    Characters,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "There is no key in it. Copy the key again, or leave it empty where none is needed.",
            Self::TooLong => "A key has at most 4,096 characters. Copy the key alone.",
            Self::Shortened => {
                "The key is shortened, as providers show it once it has been made. Copy it whole from where you kept it, or \
                 make another one."
            }
            Self::Characters => {
                "The key contains spaces or other characters that cannot be sent. Copy it again, without what surrounds it."
            }
        })
    }
}

/// The key in a pasted text: without white space, quotation marks, the word `Bearer` or a variable's name around it, and
/// without the invisible characters that pages and chats put into what is copied.
///
/// # Errors
///
/// Why it is no key.
pub fn clean_key(pasted: &str) -> Result<String, KeyError> {
    let visible: String = pasted.chars().filter(|c| c.is_whitespace() || !is_unfit_for_names(*c)).collect();
    let key = unwrapped(&visible);
    if key.is_empty() {
        return Err(KeyError::Empty);
    }
    if key.len() > LONGEST_KEY {
        return Err(KeyError::TooLong);
    }
    if ["...", "***", "…", "•••"].iter().any(|mark| key.contains(mark)) {
        return Err(KeyError::Shortened);
    }
    match key.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(key.to_owned()),
        false => Err(KeyError::Characters),
    }
}

/// Takes off what surrounds the key, layer by layer.
fn unwrapped(text: &str) -> &str {
    let mut key = text.trim();
    loop {
        let inner = without_quotes(without_prefix(key)).trim();
        if inner.len() == key.len() {
            return key;
        }
        key = inner;
    }
}

fn without_prefix(text: &str) -> &str {
    for prefix in ["authorization:", "x-api-key:", "api-key:", "bearer "] {
        if let Some(start) = text.get(..prefix.len())
            && start.eq_ignore_ascii_case(prefix)
        {
            return &text[prefix.len()..];
        }
    }
    // `Bearer` alone, and `OPENAI_API_KEY=…` out of an environment file.
    if text.eq_ignore_ascii_case("bearer") {
        return "";
    }
    let is_name = |name: &str| {
        (name.ends_with("_KEY") || name.ends_with("_TOKEN"))
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let line = text.strip_prefix("export ").unwrap_or(text);
    line.split_once('=').filter(|(name, _)| is_name(name.trim())).map_or(text, |(_, value)| value)
}

fn without_quotes(text: &str) -> &str {
    let pairs = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('„', '“'), ('‘', '’'), ('«', '»'), ('<', '>')];
    let inside = |(open, close): (char, char)| text.strip_prefix(open)?.strip_suffix(close);
    pairs.into_iter().find_map(inside).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_what_people_paste() {
        for pasted in [
            "sk-abc",
            "sk-abc\n",
            "\r\n\tsk-abc\u{a0}",
            "Bearer sk-abc",
            "bearer  sk-abc\n",
            "Authorization: Bearer sk-abc",
            "x-api-key: sk-abc",
            "\"sk-abc\"",
            "'Bearer sk-abc'",
            "“sk-abc”",
            "`sk-abc`",
            "\u{feff}sk-\u{200b}abc\u{200d}",
            "sk-\u{2060}abc\u{202c}",
            "OPENAI_API_KEY=sk-abc",
            "export OPENAI_API_KEY=\"sk-abc\"",
        ] {
            assert_eq!(clean_key(pasted), Ok("sk-abc".to_owned()), "{pasted:?}");
        }
        for kept in ["a=b==", "k\"ey", "bearer-token", "\"", "-", "a.b.c"] {
            assert_eq!(clean_key(kept), Ok(kept.to_owned()), "{kept}");
        }
    }

    #[test]
    fn what_is_no_key_says_why_without_repeating_it() {
        for (pasted, why) in [
            ("", KeyError::Empty),
            (" \u{200b}\n", KeyError::Empty),
            ("\"\"", KeyError::Empty),
            ("Bearer ", KeyError::Empty),
            ("sk-a b", KeyError::Characters),
            ("sk-a\nsk-b", KeyError::Characters),
            ("sk-ключ", KeyError::Characters),
            ("sk-…1234", KeyError::Shortened),
            ("sk-***1234", KeyError::Shortened),
            ("sk-a...z", KeyError::Shortened),
            (&"x".repeat(4_097), KeyError::TooLong),
        ] {
            assert_eq!(clean_key(pasted), Err(why), "{pasted:?}");
            assert!(!why.to_string().contains("sk-"));
        }
    }
}
