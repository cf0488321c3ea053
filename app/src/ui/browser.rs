//! The few things asked of the browser itself. They compile everywhere and are called in the browser only.

use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// Loads another page of this site.
pub fn go_to(path: &str) {
    // Nothing sensible can be done where the browser refuses; the form then stays as it is.
    _ = window().location().assign(path);
}

/// Loads this page again.
pub fn reload() {
    _ = window().location().reload();
}

/// This page's path.
pub fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// Puts another path into the address bar without loading anything.
pub fn show_path(path: &str) {
    if let Ok(history) = window().history() {
        _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(path));
    }
}

/// A text as the value of a query parameter.
pub fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// The first element that the selector finds.
pub fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Focuses the first element that the selector finds, once the page has been brought up to date.
pub fn focus_first(selector: &'static str) {
    leptos::prelude::request_animation_frame(move || {
        if let Some(element) = find(selector) {
            _ = element.focus();
        }
    });
}

/// Whether the keyboard's modifier is called ⌘ here.
pub fn is_apple() -> bool {
    window().navigator().platform().is_ok_and(|platform| platform.starts_with("Mac") || platform.starts_with("iP"))
}

/// Whether a key goes to something that takes text, so that single letters are not shortcuts.
pub fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|element| element.matches("input, textarea, select, [contenteditable]").unwrap_or(false))
}

/// Whether a dialog or a popover is open; then the keys belong to it.
pub fn has_overlay() -> bool {
    find("dialog[open], [popover]:popover-open").is_some()
}

/// Milliseconds of the browser's clock.
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}
