//! A JSON object whose values are not parsed: fields are found by name and borrow from the text.

use std::{borrow::Cow, fmt, ops::Range};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of an object in their order. Of two with one name the last one counts, as in JavaScript.
#[derive(Debug, Default)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Object<'a> {
    /// `None` where the text is not one JSON object.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The object that a value is, without fields where it is something else.
    pub(super) fn of(value: &'a RawValue) -> Self {
        if value.get().starts_with('{') { Self::parse(value.get()).unwrap_or_default() } else { Self::default() }
    }

    /// An object with at most this field.
    pub(super) fn only(name: &'static str, value: Option<&'a RawValue>) -> Self {
        Self(value.map(|value| (Cow::Borrowed(name), value)).into_iter().collect())
    }

    /// A field, also one that is `null`.
    pub(super) fn field(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(found, _)| found == name).map(|(_, value)| *value)
    }

    /// A field that is set to something other than `null`.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.field(name).filter(|value| value.get() != "null")
    }

    /// The items of a field that is a list; empty where it is something else.
    pub(super) fn list(&self, name: &str) -> Vec<&'a RawValue> {
        self.get(name).map(items).unwrap_or_default()
    }

    /// The text of a field that is a string.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(string)
    }

    /// The whole number of a field.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(|value| value.get().parse().ok())
    }
}

/// The items of a list; empty where the value is something else.
pub(super) fn items(value: &RawValue) -> Vec<&RawValue> {
    if value.get().starts_with('[') { serde_json::from_str(value.get()).unwrap_or_default() } else { Vec::new() }
}

/// The text of a string. Half of a surrogate pair, which servers send where a token ends within an emoji, becomes U+FFFD.
pub(super) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let quoted = value.get();
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let decoded = serde_json::from_str(quoted);
    decoded.or_else(|_| serde_json::from_str(&super::surrogates::replace_lone_surrogates(quoted))).ok().map(Cow::Owned)
}

/// The byte range of a value in the text that it was parsed from.
pub(super) fn range_in(text: &str, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr().addr() - text.as_ptr().addr();
    start..start + value.get().len()
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(8);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    fields.push((name, value));
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_any_type_and_name_are_found_and_null_is_nothing() {
        let text = r#" {"a":1.50,"b\u0041":"x\ny","n":null,"l":[1,{}],"a":7} "#;
        let object = Object::parse(text).expect("an object");
        assert_eq!((object.number("a"), object.text("bA").as_deref()), (Some(7), Some("x\ny")));
        assert_eq!((object.get("n").is_none(), object.list("l").len(), object.list("a").len()), (true, 2, 0));
        assert_eq!(&text[range_in(text, object.get("l").expect("a list"))], "[1,{}]");
        for other in ["[1]", "7", "{", "", "{\"a\":1} x"] {
            assert!(Object::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn half_an_emoji_does_not_make_a_text_unreadable() {
        let object = Object::parse(r#"{"a":"x\ud83d"}"#).expect("an object");
        assert_eq!(object.text("a").as_deref(), Some("x\u{fffd}"));
    }
}
