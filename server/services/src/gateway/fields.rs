//! Splits a JSON object into its fields without parsing or copying their values.

use std::{fmt, ops::Range};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Levels of nesting: more than a request needs, and what most servers accept at most.
const MAX_DEPTH: usize = 128;

/// The fields of an object in their order: the name, and the byte range of the value in the text.
pub(super) type Fields = Vec<(String, Range<usize>)>;

/// Why a text cannot be split.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FieldsError {
    TooDeep,
    NotAnObject,
    /// Line and column.
    NotJson(usize, usize),
}

/// Splits an object into its fields.
///
/// # Errors
///
/// The text is not JSON, not an object, or nested too deeply.
pub(super) fn split(text: &str) -> Result<Fields, FieldsError> {
    if is_too_deep(text.as_bytes()) {
        return Err(FieldsError::TooDeep);
    }
    let raw: Raw<'_> = serde_json::from_str(text).map_err(|error| match error.is_data() {
        true => FieldsError::NotAnObject,
        false => FieldsError::NotJson(error.line(), error.column()),
    })?;
    Ok(raw.0.into_iter().map(|(name, value)| (name, range_in(text, value))).collect())
}

/// The byte range of a value in the text that it was deserialised from.
pub(super) fn range_in(text: &str, value: &RawValue) -> Range<usize> {
    let value = value.get();
    let start = value.as_ptr().addr() - text.as_ptr().addr();
    start..start + value.len()
}

/// Appends a text as a JSON string.
pub(super) fn write_string(text: &str, out: &mut Vec<u8>) {
    // Neither writing to memory nor serialising a string can fail.
    let _ = serde_json::to_writer(out, text);
}

fn is_too_deep(text: &[u8]) -> bool {
    let (mut depth, mut is_in_string, mut is_escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_in_string => is_escaped = true,
            b'"' => is_in_string = !is_in_string,
            b'{' | b'[' if !is_in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b'}' | b']' if !is_in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

struct Raw<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Raw<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(8);
                while let Some(field) = map.next_entry::<String, &'de RawValue>()? {
                    fields.push(field);
                }
                Ok(Raw(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_cut_and_its_values_stay_as_they_are() {
        let text = " {\"a\" : 1.50 , \"b\\u0041\":{ \"x\":[1,\n2]},\"a\":\"}{\"} ";
        let fields = split(text).expect("an object");
        let read: Vec<_> = fields.iter().map(|(name, range)| (name.as_str(), &text[range.clone()])).collect();
        assert_eq!(read, [("a", "1.50"), ("bA", "{ \"x\":[1,\n2]}"), ("a", "\"}{\"")]);
    }

    #[test]
    fn what_is_no_object_is_told_from_what_is_no_json() {
        assert_eq!(split("[1]"), Err(FieldsError::NotAnObject));
        assert_eq!(split("7"), Err(FieldsError::NotAnObject));
        assert_eq!(split("{\"a\": tru}"), Err(FieldsError::NotJson(1, 10)));
        assert!(matches!(split("{\"a\": 1"), Err(FieldsError::NotJson(..))));
        assert!(matches!(split("{\"a\": 1} x"), Err(FieldsError::NotJson(..))));
        assert!(matches!(split(""), Err(FieldsError::NotJson(..))));
    }

    #[test]
    fn depth_is_bounded_and_brackets_in_strings_do_not_count() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(split(&nested(MAX_DEPTH - 1)).is_ok());
        assert_eq!(split(&nested(MAX_DEPTH)), Err(FieldsError::TooDeep));
        assert_eq!(split(&nested(1_000_000)), Err(FieldsError::TooDeep));
        assert!(split(&format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(500))).is_ok());
    }
}
