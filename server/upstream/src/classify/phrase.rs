//! Fixed phrases in which providers refuse. A phrase begins where the message begins and is followed by the end of a word, so
//! that a message that quotes a prompt is not taken for what the prompt says.
//!
//! `{used}`, `{limit}` and `{n}` stand for whole numbers, of which the first two are kept; `{name}` for one word, quoted or
//! not; `…` for at most 200 characters of anything. Case does not matter.

/// Most characters that `…` and `{name}` stand for.
const MAX_GAP: usize = 200;

/// The numbers of a refusal, in the unit of the refusal: tokens, nearly always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub used: Option<u64>,
    pub limit: Option<u64>,
}

/// The numbers in a text that begins with this phrase; `None` where it does not.
pub(super) fn find(phrase: &str, text: &str) -> Option<Numbers> {
    matched(phrase, text, 0, Numbers::default())
}

/// `at` is the byte up to which the text has been matched.
fn matched(phrase: &str, text: &str, at: usize, numbers: Numbers) -> Option<Numbers> {
    let rest = &text[at..];
    let Some(first) = phrase.chars().next() else { return ends_word(text, at).then_some(numbers) };
    if first == '…' {
        let phrase = &phrase[first.len_utf8()..];
        let places = rest.char_indices().map(|(place, _)| place).take(MAX_GAP + 1);
        return places.into_iter().find_map(|place| matched(phrase, text, at + place, numbers));
    }
    let Some((name, phrase_after)) = phrase.strip_prefix('{').and_then(|phrase| phrase.split_once('}')) else {
        let found = rest.chars().next()?;
        return same(first, found)
            .then(|| matched(&phrase[first.len_utf8()..], text, at + found.len_utf8(), numbers))
            .flatten();
    };
    if name == "name" {
        return names(rest).into_iter().flatten().find_map(|end| matched(phrase_after, text, at + end, numbers));
    }
    if text[..at].ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (number, end) = number(rest)?;
    let numbers = match name {
        "used" => Numbers { used: Some(number), ..numbers },
        "limit" => Numbers { limit: Some(number), ..numbers },
        _ => numbers,
    };
    matched(phrase_after, text, at + end, numbers)
}

fn same(wanted: char, found: char) -> bool {
    wanted.eq_ignore_ascii_case(&found) || (wanted == '\'' && found == '’')
}

/// Whether no word goes on here.
fn ends_word(text: &str, at: usize) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !(is_word(text[..at].chars().next_back()) && is_word(text[at..].chars().next()))
}

/// Where a name at the beginning of the text may end: a quoted one after its quote, another one with or without the
/// punctuation after it.
fn names(text: &str) -> [Option<usize>; 2] {
    let bounded = |end: usize| (1..=MAX_GAP).contains(&end).then_some(end);
    if let Some(quote @ ('"' | '\'' | '`')) = text.chars().next() {
        return [text[1..].find(quote).and_then(|end| bounded(end + 2)), None];
    }
    let word = text.split_whitespace().next().filter(|word| text.starts_with(word)).unwrap_or_default();
    [bounded(word.len()), bounded(word.trim_end_matches([':', '.', ',']).len())]
}

/// A whole number at the beginning of the text, also one whose thousands are set apart, and its length in bytes.
fn number(text: &str) -> Option<(u64, usize)> {
    let bytes = text.as_bytes();
    let is_digit = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_digit);
    let (mut value, mut end) = (0_u64, 0);
    while is_digit(end) || (end > 0 && matches!(bytes.get(end), Some(b',' | b'_')) && is_digit(end + 1)) {
        if is_digit(end) {
            value = value.checked_mul(10)?.checked_add(u64::from(bytes[end] - b'0'))?;
        }
        end += 1;
    }
    (end > 0).then_some((value, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(used: Option<u64>, limit: Option<u64>) -> Option<Numbers> {
        Some(Numbers { used, limit })
    }

    #[test]
    fn a_phrase_is_found_with_its_numbers_where_a_message_begins() {
        let phrase = "prompt is too long: {used} tokens > {limit} maximum";
        let found = |text| find(phrase, text);
        assert_eq!(
            found("Prompt is too long: 210,000 tokens > 200000 maximum."),
            numbers(Some(210_000), Some(200_000))
        );
        assert_eq!(found("You wrote: prompt is too long: 2 tokens > 1 maximum"), None);
        assert_eq!(found("prompt is too long: x tokens > 1 maximum"), None);
        assert_eq!(found("prompt is too long: 99999999999999999999999 tokens > 1 maximum"), None);
        let phrase = "At most {limit} tokens. However… {used}";
        assert_eq!(find(phrase, "At most 10 tokens. However, it has 12 tokens"), numbers(Some(12), Some(10)));
        assert_eq!(find(phrase, &format!("At most 10 tokens. However,{} 12", "x".repeat(300))), None);
    }

    #[test]
    fn a_name_is_one_word_or_what_is_quoted() {
        for text in [
            "The model `acme/m` does not exist",
            "the model 'my llm' does not exist.",
            "The model acme/m:free does not exist",
        ] {
            assert!(find("The model {name} does not exist", text).is_some(), "{text}");
        }
        assert!(find("{name}: Invalid name", "/chat/completions: Invalid name").is_some());
        assert!(find("Unknown model: {name}", "Unknown model: 模型-α").is_some());
        for text in ["The model of a world that does not exist", "The model `x does not exist", "The model"] {
            assert_eq!(find("The model {name} does not exist", text), None, "{text}");
        }
    }

    #[test]
    fn a_phrase_ends_where_a_word_ends() {
        assert!(find("Model not found", "model not found.").is_some());
        assert_eq!(find("Model not found", "model not foundational"), None);
        assert!(find("API key isn't valid", "API key isn’t valid").is_some());
    }

    #[test]
    fn hostile_texts_neither_panic_nor_take_long() {
        let text = "a 1 ".repeat(100_000);
        assert_eq!(find("…{used} …{limit} …!", &text), None);
        for text in ["", "é", "`", "\u{1f600}`", "1", "1,", ",1"] {
            for phrase in ["{name}", "{used}", "…x", "", "é{name}…"] {
                find(phrase, text);
            }
        }
    }
}
