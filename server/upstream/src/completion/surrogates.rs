//! Repairs JSON strings with unpaired UTF-16 surrogates.

/// The same JSON with U+FFFD for each `\uXXXX` escape of an unpaired surrogate, which a Rust string cannot hold. Servers
/// send them where a token ends in the middle of an emoji.
pub(super) fn replace_lone_surrogates(json: &str) -> String {
    let mut kept = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        kept.push_str(before);
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(_), _) => {
                kept.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            // An escape is two characters, so that `\\` does not make the next one look escaped.
            _ => escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end),
        };
        kept.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    kept.push_str(rest);
    kept
}

/// The number of a `\uXXXX` escape that is half of a surrogate pair.
fn surrogate(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok().filter(|number| (0xd800..=0xdfff).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_becomes_the_replacement_character() {
        let cases = [
            (r"a\ud83d", "a\u{fffd}"),
            (r"\ude00b", "\u{fffd}b"),
            (r"\ud83d\ude00", "😀"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud83dx\u0000", "\u{fffd}x\u{0}"),
            (r"\\ud83d\ud83d", "\\ud83d\u{fffd}"),
            (r#"\"\ud83dé\"#.trim_end_matches('\\'), "\"\u{fffd}é"),
        ];
        for (escaped, text) in cases {
            let json = replace_lone_surrogates(&format!(r#""{escaped}""#));
            assert_eq!(serde_json::from_str::<String>(&json).ok().as_deref(), Some(text), "{escaped}");
        }
    }
}
