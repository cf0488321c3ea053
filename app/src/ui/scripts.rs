//! The WebAssembly half of the application, loaded only by pages with islands.

use std::sync::Arc;

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::Link;

use super::script_text;
use crate::site::SiteInfo;

/// Loads the script and the WebAssembly and hydrates the islands of this page. A page without islands leaves it out and
/// works without script.
///
/// Unlike the component of Leptos it leaves `crossorigin` empty: with a nonce there, some browsers fetch the WebAssembly
/// twice or not at all.
#[component]
pub fn Scripts() -> impl IntoView {
    use_context::<Arc<SiteInfo>>().map(|site| {
        view! {
            <Link rel="modulepreload" href=site.asset(&site.assets.js) crossorigin=""/>
            <Link rel="preload" href=site.asset(&site.assets.wasm) as_="fetch" type_="application/wasm" crossorigin=""/>
            <script type="module" nonce=use_nonce()>{script_text!("hydrate.js")}</script>
        }
    })
}
