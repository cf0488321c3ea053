//! Forms that post without script, and what a page shows of how that went.

use domain::error::{AppError, FieldError};
use leptos::{
    nonce::use_nonce,
    prelude::*,
    server_fn::{ServerFn, error::ServerFnUrlError},
};
use leptos_router::hooks::use_query_map;

use super::{Posted, script_text};
use crate::error::CallError;

/// The error of a form that was posted without script: in the answer to it or, where it was not posted to the page it stands on,
/// in the address.
pub fn posted_errors<F: ServerFn>() -> Vec<FieldError> {
    if let Some(posted) = use_context::<Posted>() {
        let error = posted.answer.err().filter(|_| posted.function == F::PATH);
        return error.map(AppError::into_fields).unwrap_or_default();
    }
    use_query_map().with_untracked(|query| {
        let is_ours = query.get_str("__path") == Some(F::PATH);
        let error = query.get_str("__err").filter(|_| is_ours);
        error
            .map(|error| AppError::from(ServerFnUrlError::<CallError>::decode_err(error)).into_fields())
            .unwrap_or_default()
    })
}

/// That something was done, after a form has sent its browser on to this page: `?done=saved`, or `?done=imported-12`.
#[component]
pub fn Done() -> impl IntoView {
    let word = use_query_map().with_untracked(|query| query.get_str("done").map(str::to_owned))?;
    let (word, count) = match word.split_once('-') {
        Some((word, count)) => (word.to_owned(), count.parse::<u32>().ok()?),
        None => (word, 0),
    };
    let models = if count == 1 { "1 model".to_owned() } else { format!("{count} models") };
    let text = match word.as_str() {
        "saved" => "Saved.".to_owned(),
        "deleted" if count == 0 => "Deleted.".to_owned(),
        "deleted" => format!("{models} deleted."),
        "imported" if count == 0 => "Nothing was new: all of these were in the catalogue.".to_owned(),
        "imported" => format!("{models} imported."),
        "changed" => format!("{models} changed."),
        "tested" => format!("{models} tested."),
        "password" => "Your password is changed. Every other browser is signed out.".to_owned(),
        "everywhere" => "You are signed out everywhere.".to_owned(),
        "erased" => "Your account and everything in it are erased.".to_owned(),
        _ => return None,
    };
    Some(view! { <p class="done" role="status">{text}</p> })
}

/// Keeps what was typed when a form is refused. Without it a refused form comes back empty, with the reason.
#[component]
pub fn FormScript() -> impl IntoView {
    view! { <script nonce=use_nonce()>{script_text!("forms.js")}</script> }
}

/// Why a form was refused, on the page that its browser was sent back to; nothing where nothing was refused.
#[component]
pub fn Refused(
    /// What [`posted_errors`] has found.
    errors: Vec<FieldError>,
) -> impl IntoView {
    let text: Vec<String> = errors.into_iter().map(|error| error.message).collect();
    (!text.is_empty()).then(|| view! { <p class="alert" role="alert">{text.join(" ")}</p> })
}
