//! The browser's entry point. The islands of `app` export themselves; this prepares what they share.

use app as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called once per page, before its islands.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
