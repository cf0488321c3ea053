//! Text to be taken along.

use leptos::{nonce::use_nonce, prelude::*};

use super::script_text;

/// A button that copies the text of an element of this page. Without script it is not there.
#[component]
pub fn CopyButton(
    /// The id of the element.
    of: &'static str,
    /// What the button says.
    word: &'static str,
) -> impl IntoView {
    view! { <button class="quiet small" type="button" hidden data-copy=of aria-live="polite">{word}</button> }
}

/// What answers the copy buttons. Once, below the last of them.
#[component]
pub fn CopyScript() -> impl IntoView {
    view! { <script nonce=use_nonce()>{script_text!("copy.js")}</script> }
}
