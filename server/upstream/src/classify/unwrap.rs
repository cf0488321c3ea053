//! Takes the wrapping off a message: proxies and client libraries put the name of their own error in front of the provider's
//! words, one upon the other.

/// Most wrappings of one message.
const MOST: usize = 8;

/// A message without its wrappings.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Unwrapped<'a> {
    /// The message after each wrapping that was taken off, the whole one first.
    pub texts: Vec<&'a str>,
    /// The errors that the wrappings name, such as `RateLimitError`.
    pub errors: Vec<&'a str>,
}

/// `litellm.RateLimitError: OpenAIException - Rate limit reached` is also `Rate limit reached`.
pub(super) fn unwrap(message: &str) -> Unwrapped<'_> {
    let mut found = Unwrapped::default();
    let mut rest = Some(message.trim());
    while let Some(text) = rest.filter(|text| !text.is_empty() && found.texts.len() < MOST) {
        found.texts.push(text);
        let cuts = [": ", " - "].into_iter().filter_map(|between| text.split_once(between));
        rest = cuts.filter(|(head, _)| is_wrapping(head)).min_by_key(|(head, _)| head.len()).map(|(head, rest)| {
            found.errors.extend(head.split(['.', ' ']).next_back());
            rest.trim_start()
        });
    }
    found
}

/// The name of an error or exception, a status, or one of the usual openings.
fn is_wrapping(head: &str) -> bool {
    const OPENINGS: [&str; 6] =
        ["Error code", "HTTP ", "Upstream error from ", "Provider returned error", "status code", "<4"];
    const ENDINGS: [&str; 4] = ["Error", "Exception", "Timeout", " error"];
    let is_name = head == "error" || ENDINGS.iter().any(|ending| head.ends_with(ending));
    let is_opening = head.parse::<u16>().is_ok() || OPENINGS.iter().any(|opening| head.starts_with(opening));
    head.len() <= 80 && (is_name || is_opening)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_providers_words_are_found_below_the_names_of_errors() {
        let bare = |message| unwrap(message).texts.last().copied().unwrap_or_default();
        for message in [
            "Slow down",
            "litellm.RateLimitError: RateLimitError: OpenAIException - Slow down",
            "Error code: 429 - Slow down",
            "Input validation error: Slow down",
            "Upstream error from Acme: Slow down",
            "<400> InternalError.Algo.InvalidParameter: Slow down",
        ] {
            assert_eq!(bare(message), "Slow down", "{message}");
        }
        assert_eq!(unwrap("litellm.RateLimitError: Slow down").errors, ["RateLimitError"]);
        assert_eq!(bare("In your prompt: Slow down"), "In your prompt: Slow down");
        assert_eq!(unwrap(&"E: Error: ".repeat(1_000)).texts.len(), 1);
        assert_eq!(unwrap(&"Error: ".repeat(1_000)).texts.len(), MOST);
        assert_eq!(unwrap("  "), Unwrapped::default());
    }
}
