//! The tokens of the simulated models: a word with the space before it, a line end, or a punctuation mark.

/// Splits a text into tokens of at most eight characters; joined, they are the text.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_space = first == ' ';
        let word_start = if is_space { 1 } else { 0 };
        let word = &rest[word_start..];
        let is_mark = |c: char| !c.is_alphanumeric();
        let mut length = match word.chars().next() {
            Some(c) if is_mark(c) => c.len_utf8(),
            Some(_) => word
                .char_indices()
                .take(8)
                .find(|(_, c)| is_mark(*c))
                .map_or_else(|| word.char_indices().nth(8).map_or(word.len(), |(end, _)| end), |(end, _)| end),
            None => 0,
        };
        length += word_start;
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// The number of tokens of a text.
pub(super) fn count(text: &str) -> u64 {
    tokens(text).len() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_marks_and_line_ends_are_tokens() {
        assert_eq!(tokens("Hello, big world.\n"), ["Hello", ",", " big", " world", ".", "\n"]);
        assert_eq!(tokens("internationalisation"), ["internat", "ionalisa", "tion"]);
        assert_eq!(tokens("  a"), ["  ", "a"]);
        assert_eq!(count(""), 0);
    }

    proptest! {
        #[test]
        fn tokens_joined_are_the_text(text in any::<String>()) {
            let tokens = tokens(&text);
            prop_assert_eq!(tokens.concat(), text.as_str());
            prop_assert!(tokens.iter().all(|token| !token.is_empty() && token.chars().count() <= 9));
        }
    }
}
