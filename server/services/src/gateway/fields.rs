//! A JSON object cut into its fields, each value left as it stands in the text.

use std::{fmt, ops::Range};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Deeper than any request has reason to be, and what most servers take at most.
const MAX_DEPTH: usize = 128;

/// The fields of an object in their order: the name, and where in the text the value stands.
pub(super) type Fields = Vec<(String, Range<usize>)>;

/// Why a text cannot be cut.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Uncut {
    TooDeep,
    NotAnObject,
    /// Line and column.
    NotJson(usize, usize),
}

/// Cuts an object into its fields.
pub(super) fn cut(text: &str) -> Result<Fields, Uncut> {
    if is_too_deep(text.as_bytes()) {
        return Err(Uncut::TooDeep);
    }
    let raw: Raw<'_> = serde_json::from_str(text).map_err(|error| match error.is_data() {
        true => Uncut::NotAnObject,
        false => Uncut::NotJson(error.line(), error.column()),
    })?;
    Ok(raw.0.into_iter().map(|(name, value)| (name, place(text, value))).collect())
}

/// Where a value stands in the text it was read from.
pub(super) fn place(text: &str, value: &RawValue) -> Range<usize> {
    let value = value.get();
    let start = value.as_ptr().addr() - text.as_ptr().addr();
    start..start + value.len()
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
        let fields = cut(text).expect("cut");
        let read: Vec<_> = fields.iter().map(|(name, place)| (name.as_str(), &text[place.clone()])).collect();
        assert_eq!(read, [("a", "1.50"), ("bA", "{ \"x\":[1,\n2]}"), ("a", "\"}{\"")]);
    }

    #[test]
    fn what_is_no_object_is_told_from_what_is_no_json() {
        assert_eq!(cut("[1]"), Err(Uncut::NotAnObject));
        assert_eq!(cut("7"), Err(Uncut::NotAnObject));
        assert_eq!(cut("{\"a\": tru}"), Err(Uncut::NotJson(1, 10)));
        assert!(matches!(cut("{\"a\": 1"), Err(Uncut::NotJson(..))));
        assert!(matches!(cut("{\"a\": 1} x"), Err(Uncut::NotJson(..))));
        assert!(matches!(cut(""), Err(Uncut::NotJson(..))));
    }

    #[test]
    fn depth_is_bounded_and_brackets_in_strings_do_not_count() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(cut(&nested(MAX_DEPTH - 1)).is_ok());
        assert_eq!(cut(&nested(MAX_DEPTH)), Err(Uncut::TooDeep));
        assert_eq!(cut(&nested(1_000_000)), Err(Uncut::TooDeep));
        assert!(cut(&format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(500))).is_ok());
    }
}
