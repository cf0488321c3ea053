//! Prices and context windows from LiteLLM's public price file. They are proposals, which an admin reviews and applies.

use std::{collections::BTreeMap, str::FromStr};

use domain::error::{AppError, FieldError};
use foundation::error::Error;
use rust_decimal::Decimal;
use serde_json::Value;

/// The file's entry of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Its name in the file.
    pub source: String,
    pub input: Option<Decimal>,
    pub output: Option<Decimal>,
    pub context_window: Option<u32>,
}

/// The file, indexed by the names that a model may have.
pub(super) struct PriceFile {
    exact: BTreeMap<String, Known>,
    /// By the part of the name after the last slash.
    bare: BTreeMap<String, Vec<Known>>,
}

/// Parses the file.
pub(super) fn read(text: &[u8]) -> Result<PriceFile, Error> {
    let refuse = || {
        let message = "This is not LiteLLM's price file: it is a JSON object with one entry for each model.";
        Error::from(AppError::Invalid(vec![FieldError::new("file", "invalid_file", message)]))
    };
    let entries: BTreeMap<String, Value> = serde_json::from_slice(text).map_err(|_| refuse())?;
    let (mut exact, mut bare) = (BTreeMap::new(), BTreeMap::<String, Vec<Known>>::new());
    for (name, entry) in entries {
        let is_chat =
            entry.get("mode").and_then(Value::as_str).is_none_or(|mode| mode == "chat" || mode == "responses");
        let Some(known) = known(&name, &entry).filter(|_| is_chat && name != "sample_spec") else { continue };
        let name = name.to_lowercase();
        let last = name.rsplit('/').next().unwrap_or(&name).to_owned();
        bare.entry(last).or_default().push(known.clone());
        exact.insert(name, known);
    }
    if exact.is_empty() { Err(refuse()) } else { Ok(PriceFile { exact, bare }) }
}

fn known(name: &str, entry: &Value) -> Option<Known> {
    let million = Decimal::from(1_000_000);
    let price = |field: &str| {
        let text = entry.get(field)?.as_number()?.to_string();
        let price = Decimal::from_scientific(&text).or_else(|_| Decimal::from_str(&text)).ok()?;
        let price = price.checked_mul(million)?.round_dp(9).normalize();
        (price >= Decimal::ZERO && price <= million).then_some(price)
    };
    let tokens = |field: &str| {
        let number = entry.get(field)?;
        let number = number.as_u64().or_else(|| number.as_str()?.parse().ok())?;
        u32::try_from(number).ok().filter(|number| (1..=i32::MAX.unsigned_abs()).contains(number))
    };
    let known = Known {
        source: name.to_owned(),
        input: price("input_cost_per_token"),
        output: price("output_cost_per_token"),
        context_window: tokens("max_input_tokens").or_else(|| tokens("max_tokens")),
    };
    (known.input.is_some() || known.output.is_some() || known.context_window.is_some()).then_some(known)
}

impl PriceFile {
    /// The price of a model of an upstream: by its own name, by the upstream's name and its own, or by its bare name where all
    /// providers in the file have the same price.
    pub(super) fn find(&self, upstream: &str, model: &str) -> Option<Known> {
        let (upstream, model) = (upstream.trim().to_lowercase(), model.trim().to_lowercase());
        let of_upstream = format!("{upstream}/{model}");
        if let Some(known) = self.exact.get(&of_upstream).or_else(|| self.exact.get(&model)) {
            return Some(known.clone());
        }
        let last = model.rsplit('/').next()?;
        let sold = self.bare.get(last)?;
        let first = sold.first()?;
        let agree = sold.iter().all(|other| (other.input, other.output) == (first.input, first.output));
        agree.then(|| first.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "sample_spec": {"input_cost_per_token": 0.1, "max_tokens": "a number"},
        "gpt-4o": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "max_input_tokens": 128000, "mode": "chat"},
        "azure/gpt-4o": {"input_cost_per_token": 5e-06, "output_cost_per_token": 1.5e-05, "mode": "chat"},
        "groq/llama-3.1-8b": {"input_cost_per_token": 5e-08, "output_cost_per_token": 8e-08, "max_tokens": 8192, "mode": "chat"},
        "one/mixtral": {"input_cost_per_token": 1e-06, "mode": "chat"},
        "two/mixtral": {"input_cost_per_token": 2e-06, "mode": "chat"},
        "text-embedding-3": {"input_cost_per_token": 2e-08, "mode": "embedding"}
    }"#;

    fn found(upstream: &str, model: &str) -> Option<(String, Option<String>, Option<u32>)> {
        let known = read(FILE.as_bytes()).expect("a price file").find(upstream, model)?;
        Some((known.source, known.input.map(|price| price.to_string()), known.context_window))
    }

    #[test]
    fn a_model_is_found_under_its_own_name_its_upstreams_or_its_bare_one() {
        assert_eq!(found("openai", "gpt-4o"), Some(("gpt-4o".into(), Some("2.5".into()), Some(128_000))));
        assert_eq!(found("Azure", "GPT-4o"), Some(("azure/gpt-4o".into(), Some("5".into()), None)));
        assert_eq!(
            found("x", "meta/llama-3.1-8b"),
            Some(("groq/llama-3.1-8b".into(), Some("0.05".into()), Some(8_192)))
        );
    }

    #[test]
    fn nothing_is_proposed_where_sellers_differ_or_nothing_is_known() {
        for (upstream, model) in
            [("x", "mixtral"), ("x", "unheard-of"), ("x", "text-embedding-3"), ("x", "sample_spec")]
        {
            assert_eq!(found(upstream, model), None, "{model}");
        }
    }

    #[test]
    fn what_is_no_price_file_is_refused() {
        for text in ["", "[]", "{}", "<html>", r#"{"a": 1}"#] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
