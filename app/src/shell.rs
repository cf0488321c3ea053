//! The HTML document around every page.

use std::sync::Arc;

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use crate::{app::App, site::SiteInfo, ui::script_text};

/// The document. The theme is set by a script in its head, before anything is painted.
pub fn shell() -> impl IntoView {
    // Islands: nothing outside of them is hydrated, so nothing about the rest is sent along.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    let css = use_context::<Arc<SiteInfo>>().map(|site| site.asset(&site.assets.css));
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <script nonce=use_nonce()>{script_text!("ui/theme.js")}</script>
                <link rel="stylesheet" href=css/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
