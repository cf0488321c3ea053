//! A form that was posted to the page it stands on, as the page that answers it sees it.

use std::sync::Arc;

use domain::error::AppError;
use leptos::{prelude::*, server_fn::ServerFn};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The query parameter that names the server function a form is for.
pub const POSTED_FOR: &str = "do";

/// A posted form and its outcome, provided as context by the server. No `Debug`: it may hold the secret of an API key.
#[derive(Clone)]
pub struct Posted {
    /// The path of the server function that ran; of a page with a single form, the page's own path.
    pub action: String,
    pub fields: Arc<[(String, String)]>,
    /// The action's value as JSON.
    pub answer: Result<Value, AppError>,
}

impl Posted {
    /// The form that the current page answers, if it was posted to this action.
    pub fn to(action: &str) -> Option<Self> {
        use_context::<Self>().filter(|posted| posted.action == action)
    }

    /// The value that the action answered with; `None` after a refusal.
    pub fn value<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(self.answer.as_ref().ok()?).ok()
    }
}

/// Where a form on a page posts to: the page itself, with the name of the server function.
pub fn here<F: ServerFn>() -> String {
    let name = F::PATH.rsplit('/').next().unwrap_or_default();
    format!("?{POSTED_FOR}={name}")
}

/// What the server function answered to the form that the current page answers.
pub fn answered<F: ServerFn>() -> Option<F::Output>
where
    F::Output: DeserializeOwned,
{
    Posted::to(F::PATH)?.value()
}

/// The values a form is filled with: what was typed if it has just been posted, what is stored otherwise.
#[derive(Clone, Default)]
pub struct Typed(Option<Arc<[(String, String)]>>);

impl Typed {
    /// The values of the form that posts to this server function.
    pub fn of<F: ServerFn>() -> Self {
        Self(Posted::to(F::PATH).map(|posted| posted.fields))
    }

    /// The same for a form with a second button, which posts to another server function.
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

    /// Whether a box is ticked. Browsers send no field for a box that is not.
    pub fn tick(&self, name: &str, stored: bool) -> bool {
        self.0.as_ref().map_or(stored, |fields| fields.iter().any(|(field, _)| field == name))
    }

    /// Whether the box with this value is ticked, among several of one name.
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
