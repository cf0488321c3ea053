//! Small wrappers over browser APIs. They compile for every target and are called in the browser only.

use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// Loads another page of this site.
pub fn go_to(path: &str) {
    // If the browser refuses, the form stays as it is; there is nothing else to do.
    _ = window().location().assign(path);
}

/// Loads this page again.
pub fn reload() {
    _ = window().location().reload();
}

/// The path of the current page.
pub fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// Replaces the path in the address bar without loading anything.
pub fn show_path(path: &str) {
    if let Ok(history) = window().history() {
        _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(path));
    }
}

/// Encodes text as the value of a query parameter.
pub fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// The first element that the selector finds.
pub fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Focuses the first element that the selector finds, in the next animation frame, when pending changes are in the
/// document.
pub fn focus_first(selector: &'static str) {
    leptos::prelude::request_animation_frame(move || {
        if let Some(element) = find(selector) {
            _ = element.focus();
        }
    });
}

/// Whether the platform's modifier key is ⌘.
pub fn is_apple() -> bool {
    window().navigator().platform().is_ok_and(|platform| platform.starts_with("Mac") || platform.starts_with("iP"))
}

/// Whether a key press goes to an element that takes text. Single-letter shortcuts do not apply then.
pub fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|element| element.matches("input, textarea, select, [contenteditable]").unwrap_or(false))
}

/// Whether a dialog or a popover is open. Shortcuts do not apply then.
pub fn has_overlay() -> bool {
    find("dialog[open], [popover]:popover-open").is_some()
}

/// The browser's clock, in milliseconds since the Unix epoch.
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}
