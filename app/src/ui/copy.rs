//! Copying text to the clipboard.

use leptos::{nonce::use_nonce, prelude::*};

use super::script_text;

/// A button that copies the text of an element of this page. It is shown by the script only.
#[component]
pub fn CopyButton(
    /// The id of the element.
    of: &'static str,
    /// The button's label.
    word: &'static str,
) -> impl IntoView {
    view! { <button class="quiet small" type="button" hidden data-copy=of aria-live="polite">{word}</button> }
}

/// The script behind the copy buttons. Include it once, after the last button.
#[component]
pub fn CopyScript() -> impl IntoView {
    view! { <script nonce=use_nonce()>{script_text!("copy.js")}</script> }
}
