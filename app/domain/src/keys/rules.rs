//! Validation of API keys, shared by the form and the JSON API.

use crate::{
    error::FieldError,
    keys::{KeyChange, KeyRequest},
};

/// The limits that the rules enforce.
#[derive(Clone, Copy, Debug)]
pub struct KeyLimits {
    /// Characters of a name (Unicode scalar values).
    pub name: usize,
    /// Models in a key's allow-list.
    pub models: usize,
    /// The greatest limit of requests per minute.
    pub requests_per_minute: u32,
    /// Active keys per member.
    pub keys: usize,
}

/// The limits of this site.
pub const KEY_LIMITS: KeyLimits = KeyLimits { name: 100, models: 100, requests_per_minute: 100_000, keys: 50 };

impl KeyRequest {
    /// Trims the name.
    pub fn trimmed(mut self) -> Self {
        self.name = self.name.trim().to_owned();
        self
    }

    /// The violated rules. Whether the models exist is checked by the server.
    pub fn errors(&self) -> Vec<FieldError> {
        let models = self.models.as_deref().map(models_errors).unwrap_or_default();
        name_error(&self.name)
            .into_iter()
            .chain(models)
            .chain(self.requests_per_minute.and_then(requests_per_minute_error))
            .collect()
    }
}

impl KeyChange {
    /// Trims the name.
    pub fn trimmed(mut self) -> Self {
        self.name = self.name.map(|name| name.trim().to_owned());
        self
    }

    /// The violated rules. Whether the models exist is checked by the server.
    pub fn errors(&self) -> Vec<FieldError> {
        let models = self.models.as_ref().and_then(|models| models.as_deref()).map(models_errors).unwrap_or_default();
        let name = self.name.as_deref().and_then(name_error);
        let limit = self.requests_per_minute.flatten().and_then(requests_per_minute_error);
        name.into_iter().chain(models).chain(limit).collect()
    }
}

fn name_error(name: &str) -> Option<FieldError> {
    let error = |code: &str, message: String| Some(FieldError::new("name", code, message));
    if name.trim().is_empty() {
        return error("empty", "Give the key a name, such as the program it is for.".into());
    }
    if name.chars().any(char::is_control) {
        return error("invalid_value", "A name is one line of text, without control characters.".into());
    }
    let length = name.trim().chars().count();
    if length > KEY_LIMITS.name {
        let message = format!("A name has at most {} characters; this one has {length}.", KEY_LIMITS.name);
        return error("too_long", message);
    }
    None
}

fn models_errors(models: &[String]) -> Vec<FieldError> {
    if models.is_empty() {
        let message = "Name at least one model, or leave the list out to allow every model.";
        return vec![FieldError::new("models", "empty", message)];
    }
    if models.len() > KEY_LIMITS.models {
        let message = format!("A key can be confined to at most {} models.", KEY_LIMITS.models);
        return vec![FieldError::new("models", "too_many", message)];
    }
    let repeated = |position: usize| models[..position].contains(&models[position]);
    (0..models.len())
        .filter(|position| repeated(*position))
        .map(|position| {
            FieldError::new(format!("models[{position}]"), "duplicate", "This model is in the list already.")
        })
        .collect()
}

fn requests_per_minute_error(limit: u32) -> Option<FieldError> {
    let most = KEY_LIMITS.requests_per_minute;
    (!(1..=most).contains(&limit)).then(|| {
        let message = format!("A limit is a whole number from 1 to {most}; leave it out for no limit.");
        FieldError::new("requests_per_minute", "out_of_range", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(request: KeyRequest) -> Vec<(String, String)> {
        request.trimmed().errors().into_iter().map(|error| (error.field, error.code)).collect()
    }

    fn named(name: &str) -> KeyRequest {
        KeyRequest { name: name.into(), ..KeyRequest::default() }
    }

    fn of(field: &str, code: &str) -> Vec<(String, String)> {
        vec![(field.to_owned(), code.to_owned())]
    }

    #[test]
    fn a_name_is_one_short_line() {
        for name in ["a", "  build server  ", &"ü".repeat(100), &format!(" {} ", "x".repeat(100))] {
            assert_eq!(broken(named(name)), [], "{name:?}");
        }
        for (name, code) in [
            ("", "empty"),
            (" \t ", "empty"),
            ("a\nb", "invalid_value"),
            ("a\u{0}", "invalid_value"),
            (&"x".repeat(101), "too_long"),
        ] {
            assert_eq!(broken(named(name)), of("name", code), "{name:?}");
        }
    }

    #[test]
    fn a_list_of_models_is_not_empty_and_names_each_once() {
        let with = |models: &[&str]| KeyRequest {
            models: Some(models.iter().map(|name| (*name).into()).collect()),
            ..named("a")
        };
        assert_eq!(broken(with(&["a", "b"])), []);
        assert_eq!(broken(with(&[])), of("models", "empty"));
        assert_eq!(broken(with(&["a", "b", "a"])), of("models[2]", "duplicate"));
        let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
        assert_eq!(broken(KeyRequest { models: Some(many), ..named("a") }), of("models", "too_many"));
    }

    #[test]
    fn a_limit_is_at_least_one() {
        for (limit, is_fine) in [(0, false), (1, true), (100_000, true), (100_001, false)] {
            let request = KeyRequest { requests_per_minute: Some(limit), ..named("a") };
            assert_eq!(broken(request).is_empty(), is_fine, "{limit}");
        }
    }

    #[test]
    fn a_change_keeps_the_same_rules_for_what_it_names() {
        assert_eq!(KeyChange::default().errors(), []);
        let change =
            KeyChange { name: Some(" ".into()), models: Some(Some(vec![])), requests_per_minute: Some(Some(0)) };
        assert_eq!(change.errors().len(), 3);
        let change = KeyChange { models: Some(None), requests_per_minute: Some(None), ..KeyChange::default() };
        assert_eq!(change.errors(), []);
    }
}
