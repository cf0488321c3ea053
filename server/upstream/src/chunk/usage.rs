//! Token counts.

use serde_json::Value;

/// Above this a number is not taken for a token count.
const MAX_TOKENS: u64 = 1_000_000_000_000;

/// The input and output tokens of a `usage` object; `None` for what is missing or not a count.
pub fn token_counts(usage: &Value) -> (Option<u64>, Option<u64>) {
    let count = |names: [&str; 2]| names.iter().find_map(|name| read_count(usage.get(*name)?));
    (count(["prompt_tokens", "input_tokens"]), count(["completion_tokens", "output_tokens"]))
}

/// A count is a whole number of at least 1. Servers that do not count send 0, as no prompt has zero tokens.
fn read_count(value: &Value) -> Option<u64> {
    let whole =
        |number: f64| (number.fract() == 0.0 && (1.0..=MAX_TOKENS as f64).contains(&number)).then_some(number as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(whole)).filter(|count| (1..=MAX_TOKENS).contains(count))
}
