//! Which fields a refusal names as not taken.

use http::StatusCode;
use serde_json::{Map, Value};

use super::{Field, words};

/// Objects within objects that are looked into. Proxies wrap a provider's answer in their own, also as text.
const MAX_DEPTH: usize = 8;
/// Fields of an error object whose values are read. Others are not: servers echo the whole request in them.
const READ: [&str; 10] =
    ["error", "errors", "message", "detail", "details", "msg", "error_message", "metadata", "raw", "description"];
/// Codes and types by which a refusal says that it does not take the field of `param` or `loc`.
const CODES: [&str; 7] = [
    "unsupported_parameter",
    "unsupported_value",
    "unknown_parameter",
    "unrecognized_parameter",
    "parameter_not_supported",
    "extra_forbidden",
    "value_error.extra",
];

/// The fields that a refusal names as not taken. Empty for a failure of another kind, and where a value is out of range: that is
/// for whoever chose the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Complaint(u8);

impl Complaint {
    /// Reads a refusal in any of the shapes in use.
    pub(crate) fn of(status: StatusCode, body: &[u8]) -> Self {
        let mut complaint = Self::default();
        if matches!(status.as_u16(), 400 | 422) {
            match serde_json::from_slice(body) {
                Ok(value) => complaint.read(&value, 0),
                Err(_) => words::complaints(&String::from_utf8_lossy(body), |field| complaint.add(field)),
            }
        }
        complaint
    }

    /// Whether the field is among them.
    pub fn names(self, field: Field) -> bool {
        self.0 & bit(field) != 0
    }

    fn add(&mut self, field: Field) {
        self.0 |= bit(field);
    }

    fn read(&mut self, value: &Value, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.read(item, depth + 1)),
            Value::Object(fields) => {
                self.read_parameter(fields);
                READ.iter().filter_map(|name| fields.get(*name)).for_each(|value| self.read(value, depth + 1));
            }
            Value::String(text) => match serde_json::from_str(text) {
                Ok(nested @ (Value::Object(_) | Value::Array(_))) => self.read(&nested, depth + 1),
                _ => words::complaints(text, |field| self.add(field)),
            },
            _ => {}
        }
    }

    /// The field that an object names beside its words, in `param` or `loc`.
    fn read_parameter(&mut self, object: &Map<String, Value>) {
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let is_code = |name| text(name).is_some_and(|code| CODES.contains(&code));
        let says_so = |name| text(name).is_some_and(words::says_not_taken);
        if !(is_code("code") || is_code("type") || says_so("message") || says_so("msg")) {
            return;
        }
        let param = text("param").map(|param| param.strip_prefix("body.").unwrap_or(param));
        let location = object.get("loc").and_then(Value::as_array);
        let location = location.and_then(|path| path.iter().filter_map(Value::as_str).find(|step| *step != "body"));
        param.into_iter().chain(location).filter_map(Field::named).for_each(|field| self.add(field));
    }
}

impl FromIterator<Field> for Complaint {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        let mut complaint = Self::default();
        fields.into_iter().for_each(|field| complaint.add(field));
        complaint
    }
}

fn bit(field: Field) -> u8 {
    1 << field as u8
}
