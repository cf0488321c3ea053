//! Why a form was refused, on the page that its browser was sent back to.

use leptos::prelude::*;

use crate::error::FieldError;

/// The reasons; nothing where nothing was refused.
#[component]
pub fn Refused(
    /// What [`posted_errors`](crate::ui::posted_errors) has found.
    errors: Vec<FieldError>,
) -> impl IntoView {
    let text: Vec<String> = errors.into_iter().map(|error| error.message).collect();
    (!text.is_empty()).then(|| view! { <p class="alert" role="alert">{text.join(" ")}</p> })
}
