//! The script for the parts of a comparison outside of the island: sharing, copying, the width of a card. The page also
//! works without it.

use leptos::{nonce::use_nonce, prelude::*};

use crate::ui::script_text;

/// Handles the buttons of cards and of the share dialog on every page that shows a comparison.
#[component]
pub fn ComparisonScript() -> impl IntoView {
    view! { <script nonce=use_nonce()>{script_text!("comparison.js")}</script> }
}
