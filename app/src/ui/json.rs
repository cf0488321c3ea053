//! Hand-written JSON readers for the browser. The derived deserialisers are generic over their format and compile to about
//! ten times the code, and the size of the WebAssembly is limited. Tests compare each of these readers with the derived
//! one.

use domain::{Usd, catalog::ModelSummary, error::FieldError};
use serde_json::Value;

/// The string at a key, if there is one.
pub fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

/// The elements of the array at a key; empty if there is none.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The amount of money at a key.
pub fn usd(value: &Value, key: &str) -> Option<Usd> {
    text(value, key).map(Usd)
}

/// One field's error in a problem document.
pub fn field_error(value: &Value) -> Option<FieldError> {
    Some(FieldError {
        field: text(value, "field")?,
        code: text(value, "code").unwrap_or_default(),
        message: text(value, "message")?,
    })
}

/// A model of the catalogue.
pub fn model(value: &Value) -> Option<ModelSummary> {
    Some(ModelSummary {
        public_name: text(value, "public_name")?,
        slug: text(value, "slug").unwrap_or_default(),
        family: text(value, "family"),
        context_window: value.get("context_window").and_then(Value::as_u64).map(|tokens| tokens as u32),
        is_featured: value.get("is_featured").and_then(Value::as_bool).unwrap_or(false),
        input_price_per_million_usd: usd(value, "input_price_per_million_usd"),
        output_price_per_million_usd: usd(value, "output_price_per_million_usd"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_and_field_errors_are_read_as_they_were_written() {
        let models = [
            ModelSummary {
                public_name: "acme/qwen".into(),
                slug: "acme-qwen".into(),
                family: Some("Qwen \"2\"".into()),
                context_window: Some(u32::MAX),
                is_featured: true,
                input_price_per_million_usd: Some(Usd("0.5".into())),
                output_price_per_million_usd: Some(Usd("1.50".into())),
            },
            ModelSummary {
                public_name: "x".into(),
                slug: "x".into(),
                family: None,
                context_window: None,
                is_featured: false,
                input_price_per_million_usd: None,
                output_price_per_million_usd: None,
            },
        ];
        for written in models {
            assert_eq!(model(&serde_json::to_value(&written).expect("json")), Some(written));
        }
        let written = FieldError::new("models[1]", "unknown", "No such model.");
        assert_eq!(field_error(&serde_json::to_value(&written).expect("json")), Some(written));
        assert_eq!(model(&Value::Null), None);
    }
}
