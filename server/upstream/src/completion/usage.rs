//! Token counts.

use serde_json::Value;

use super::object::Object;

/// Above this a number is not taken for a token count.
const MAX_TOKENS: u64 = 1_000_000_000_000;

/// An upstream's token counts; unknown is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenCounts {
    pub input: Option<u64>,
    pub output: Option<u64>,
}

impl TokenCounts {
    /// Takes later counts over. Some upstreams count with every chunk, and some end with an object without counts: known values
    /// replace earlier ones, unknown ones never do, and nothing is added up.
    pub fn merge(&mut self, later: Self) {
        self.input = later.input.or(self.input);
        self.output = later.output.or(self.output);
    }
}

/// The input and output tokens of a `usage` object; `None` for what is missing or not a count.
pub fn token_counts(usage: &Value) -> (Option<u64>, Option<u64>) {
    let count = |names: [&str; 2]| names.iter().find_map(|name| whole_number(usage.get(*name)?.as_f64()?));
    (count(["prompt_tokens", "input_tokens"]), count(["completion_tokens", "output_tokens"]))
}

/// The counts of a chunk or a whole answer: in `usage`, in Groq's `x_groq.usage`, or, as Moonshot sends them, in a choice.
pub(super) fn counts_of(object: &Object<'_>, choices: &[Object<'_>]) -> TokenCounts {
    let usage = object
        .get("usage")
        .or_else(|| Object::of(object.get("x_groq")?).get("usage"))
        .or_else(|| choices.iter().find_map(|choice| choice.get("usage")));
    let Some(usage) = usage.map(Object::of) else { return TokenCounts::default() };
    let count = |names: [&str; 2]| names.iter().find_map(|name| whole_number(usage.get(name)?.get().parse().ok()?));
    TokenCounts {
        input: count(["prompt_tokens", "input_tokens"]),
        output: count(["completion_tokens", "output_tokens"]),
    }
}

/// A count is a whole number of at least 1. Servers that do not count send 0, as no prompt has zero tokens.
fn whole_number(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (1.0..=MAX_TOKENS as f64).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counts(usage: Value) -> TokenCounts {
        let text = json!({"usage": usage}).to_string();
        counts_of(&Object::parse(&text).expect("an object"), &[])
    }

    #[test]
    fn a_wrong_count_is_unknown_and_never_zero() {
        let input = |value: Value| {
            let usage = json!({"prompt_tokens": value, "completion_tokens": 3});
            let read = counts(usage.clone());
            assert_eq!((read.input, read.output), token_counts(&usage));
            assert_eq!(read.output, Some(3));
            read.input
        };
        for (good, count) in [(json!(7), 7), (json!(7.0), 7), (json!(1_000_000_000_000_u64), 1_000_000_000_000)] {
            assert_eq!(input(good), Some(count));
        }
        for bad in [
            json!(0),
            json!(-1),
            json!(null),
            json!("7"),
            json!(1.5),
            json!(1e300),
            json!(u64::MAX),
            json!(1_u64 << 63),
            json!(1_000_000_000_001_u64),
            json!([7]),
        ] {
            assert_eq!(input(bad.clone()), None, "{bad}");
        }
    }

    #[test]
    fn known_counts_replace_earlier_ones_and_unknown_ones_never_do() {
        let mut total = TokenCounts::default();
        for usage in [
            json!({"prompt_tokens": 12, "completion_tokens": 30}),
            json!({"prompt_tokens": 12, "completion_tokens": 34}),
            json!({}),
            json!(null),
            json!("x"),
            json!({"completion_tokens": null}),
        ] {
            total.merge(counts(usage));
        }
        assert_eq!(total, TokenCounts { input: Some(12), output: Some(34) });
    }

    #[test]
    fn counts_are_found_where_providers_put_them() {
        let find = |object: Value| {
            let text = object.to_string();
            let object = Object::parse(&text).expect("an object");
            let choices: Vec<_> = object.list("choices").into_iter().map(Object::of).collect();
            counts_of(&object, &choices)
        };
        let usage = json!({"input_tokens": 4, "output_tokens": 5});
        let expected = TokenCounts { input: Some(4), output: Some(5) };
        assert_eq!(find(json!({"usage": usage})), expected);
        assert_eq!(find(json!({"x_groq": {"usage": usage}})), expected);
        assert_eq!(find(json!({"usage": null, "choices": [{"usage": usage}]})), expected);
    }
}
