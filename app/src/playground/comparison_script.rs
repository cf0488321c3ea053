//! What works on a comparison beside the island: sharing, copying, a card's width. Plain script, a page without it works too.

use leptos::{nonce::use_nonce, prelude::*};

use crate::ui::script_text;

/// Answers the buttons of cards and of the share dialog, on every page that shows a comparison.
#[component]
pub fn ComparisonScript() -> impl IntoView {
    view! { <script nonce=use_nonce()>{script_text!("comparison.js")}</script> }
}
