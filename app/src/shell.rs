//! The HTML document around every page.

use std::sync::Arc;

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use crate::{app::App, site::SiteInfo, ui::script_text};

/// The HTML document. A script in its head sets the theme before the first paint.
pub fn shell() -> impl IntoView {
    // Islands mode: nothing outside of an island is hydrated, so no data for the rest of the page is sent.
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
