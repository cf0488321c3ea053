//! Rules for the fields of upstreams and models.

use std::str::FromStr;

use domain::{
    Usd,
    catalog::admin::{MAX_LIMIT_MS, MIN_LIMIT_MS, TimeLimit, clean_key},
    error::FieldError,
    text::is_unfit_for_names,
};
use rust_decimal::Decimal;

/// The value, if it is given and valid; an error is added to `errors`, so that all of them are reported at once.
pub(super) fn collect<T>(errors: &mut Vec<FieldError>, checked: Option<Result<T, FieldError>>) -> Option<T> {
    match checked? {
        Ok(value) => Some(value),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

/// A name on one line, without control characters; at most so many characters.
pub(in crate::catalog) fn name(field: &str, text: &str, most: usize) -> Result<String, FieldError> {
    let text = text.trim();
    let refuse = |code, message: String| Err(FieldError::new(field, code, message));
    if text.is_empty() {
        return refuse("empty", "Enter a name.".into());
    }
    if text.chars().count() > most {
        return refuse("too_long", format!("Use at most {most} characters."));
    }
    if text.contains(is_unfit_for_names) {
        return refuse("invalid_character", "Take out the control and direction characters.".into());
    }
    Ok(text.to_owned())
}

/// A slug as entered.
pub(in crate::catalog) fn slug(text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    if text.len() <= 200 && !text.is_empty() && crate::catalog::slug(text) == text {
        return Ok(text.to_owned());
    }
    Err(FieldError::new(
        "slug",
        "invalid_slug",
        "A slug is made of lower-case letters and digits with single hyphens or dots between them, such as qwen-2.5.",
    ))
}

/// A price for a million tokens.
pub(in crate::catalog) fn price(field: &str, price: &Usd) -> Result<Decimal, FieldError> {
    let text = price.0.trim();
    let is_plain = text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value = Decimal::from_str(text).ok().filter(|value| {
        is_plain && *value >= Decimal::ZERO && *value <= Decimal::from(1_000_000) && value.normalize().scale() <= 12
    });
    value.map(|value| value.normalize()).ok_or_else(|| {
        FieldError::new(
            field,
            "invalid_price",
            "Enter US dollars for a million tokens as a plain number, such as 0.50, or leave it empty.",
        )
    })
}

/// A context window in tokens.
pub(in crate::catalog) fn context_window(tokens: u32) -> Result<i32, FieldError> {
    i32::try_from(tokens).ok().filter(|tokens| *tokens > 0).ok_or_else(|| {
        FieldError::new("context_window", "out_of_range", "Enter a number of tokens from 1 to 2,147,483,647.")
    })
}

/// A time limit in milliseconds.
pub(in crate::catalog) fn time_limit(limit: TimeLimit, ms: u32) -> Result<i32, FieldError> {
    let allowed = Some(ms).filter(|ms| (MIN_LIMIT_MS..=MAX_LIMIT_MS).contains(ms));
    allowed.and_then(|ms| i32::try_from(ms).ok()).ok_or_else(|| {
        let message = format!("“{}” is one second to one hour (1,000 to 3,600,000 ms).", limit.label);
        FieldError::new(limit.field, "out_of_range", message)
    })
}

/// A key as pasted.
pub(in crate::catalog) fn api_key(text: &str) -> Result<String, FieldError> {
    clean_key(text).map_err(|error| FieldError::new("api_key", "invalid_key", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_plain_decimal_text() {
        for (text, expected) in [("0.50", "0.5"), ("0", "0"), (" 12 ", "12"), ("0.000001", "0.000001")] {
            assert_eq!(price("p", &Usd(text.into())).map(|price| price.to_string()), Ok(expected.into()), "{text}");
        }
        for text in ["", "-1", "1e3", "NaN", "1,5", "$1", "1000001", "0.0000000000001", "9".repeat(30).as_str()] {
            assert!(price("p", &Usd(text.into())).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_does_not_look_like_another() {
        assert_eq!(name("name", " acme/größe ", 100), Ok("acme/größe".into()));
        for text in ["", "a\u{202e}b", "a\u{2066}b", "a\u{200b}b", "a\u{200d}b", "a\u{feff}b", "a\nb", "\u{e0041}a"] {
            assert!(name("name", text, 100).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_slug_is_what_urls_need_not_escape() {
        assert_eq!(slug("qwen-2.5"), Ok("qwen-2.5".into()));
        for text in ["", "Qwen", "a--b", "a/b", "-a", "a b", "../x"] {
            assert!(slug(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_fits_into_a_header() {
        assert!(api_key(" sk-1 ").is_ok());
        for text in ["a b", "a\nb", "schlüssel", "x".repeat(5_000).as_str()] {
            assert!(api_key(text).is_err(), "{text}");
        }
    }
}
