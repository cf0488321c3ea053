//! Forms that are posted to the page they stand on. The page is the answer: what came of it is shown by the very server that
//! did it and kept nowhere, what was typed is still there after a refusal, and none of it needs script.

use std::sync::Arc;

use domain::error::AppError;
use leptos::{prelude::*, server_fn::ServerFn};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The parameter of the address that names the server function a form is for.
pub const POSTED_FOR: &str = "do";

/// A form that was posted to this page, and what its server function answered. Provided as context by the server. No `Debug`:
/// it may hold a key.
#[derive(Clone)]
pub struct Posted {
    /// The path of the server function.
    pub function: String,
    pub fields: Arc<[(String, String)]>,
    /// Its value as JSON.
    pub answer: Result<Value, AppError>,
}

/// Where a form on a page posts to: the page itself, with the name of the server function.
pub fn here<F: ServerFn>() -> String {
    let name = F::PATH.rsplit('/').next().unwrap_or_default();
    format!("?{POSTED_FOR}={name}")
}

/// What the server function answered to the form that this page is the answer to.
pub fn answered<F: ServerFn>() -> Option<F::Output>
where
    F::Output: DeserializeOwned,
{
    let posted = use_context::<Posted>().filter(|posted| posted.function == F::PATH)?;
    serde_json::from_value(posted.answer.ok()?).ok()
}

/// What a form is filled with: what was typed where it has just been posted, what is stored otherwise.
#[derive(Clone, Default)]
pub struct Typed(Option<Arc<[(String, String)]>>);

impl Typed {
    /// Of the form of this server function.
    pub fn of<F: ServerFn>() -> Self {
        Self(use_context::<Posted>().filter(|posted| posted.function == F::PATH).map(|posted| posted.fields))
    }

    /// The same, of a form that has a second button.
    #[must_use]
    pub fn or_of<F: ServerFn>(self) -> Self {
        if self.0.is_some() { self } else { Self::of::<F>() }
    }

    /// Whether the form has just been posted.
    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// The text of a field.
    pub fn text(&self, name: &str, stored: impl Into<String>) -> String {
        match &self.0 {
            Some(fields) => {
                let field = fields.iter().find(|(field, _)| field == name);
                field.map(|(_, value)| value.clone()).unwrap_or_default()
            }
            None => stored.into(),
        }
    }

    /// Whether a box is ticked; one that is not is not sent.
    pub fn tick(&self, name: &str, stored: bool) -> bool {
        self.0.as_ref().map_or(stored, |fields| fields.iter().any(|(field, _)| field == name))
    }

    /// Whether the box of this value is ticked, among those of one name.
    pub fn holds(&self, name: &str, value: &str) -> bool {
        self.0.iter().flat_map(|fields| fields.iter()).any(|(field, found)| field == name && found == value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_takes_the_place_of_what_is_stored() {
        let fields = [("name", "typed"), ("models[]", "a"), ("models[]", "b"), ("on", "true")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let typed = Typed(Some(fields.into()));
        assert_eq!((typed.text("name", "stored"), typed.text("other", "stored")), ("typed".into(), String::new()));
        assert!(typed.tick("on", false) && !typed.tick("off", true));
        assert!(typed.holds("models[]", "b") && !typed.holds("models[]", "c"));

        let untouched = Typed::default();
        assert_eq!(untouched.text("name", "stored"), "stored");
        assert!(untouched.tick("off", true) && !untouched.holds("models[]", "a") && !untouched.is_there());
    }
}
