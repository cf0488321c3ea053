//! What a page shows of a form that was posted without script.

use domain::error::{AppError, FieldError};
use leptos::{
    nonce::use_nonce,
    prelude::*,
    server_fn::{ServerFn, error::ServerFnUrlError},
};
use leptos_router::hooks::use_query_map;

use super::{Posted, script_text};
use crate::error::CallError;

/// Why the form of this server function was refused; empty if it was not. The reason is in the context if the form was posted
/// to the page it stands on. If it was posted to `/_server/…`, it is in the address, where Leptos puts it when it redirects
/// the browser back.
pub fn posted_errors<F: ServerFn>() -> Vec<FieldError> {
    if use_context::<Posted>().is_some() {
        let error = Posted::to(F::PATH).and_then(|posted| posted.answer.err());
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

/// The path with a refusal in its query, as Leptos writes it and [`posted_errors`] reads it. For a server function that
/// redirects to another page than the one its form was on; Leptos adds the refusal to the referring page only.
pub fn refused_path<F: ServerFn>(path: &str, error: CallError) -> String {
    // The encoder takes absolute addresses only.
    let url = ServerFnUrlError::new(F::PATH, error).to_url(&format!("http://localhost{path}"));
    url.map_or_else(|_| path.to_owned(), |url| format!("{}?{}", url.path(), url.query().unwrap_or_default()))
}

/// Confirms an action after its form has redirected to this page: `?done=saved`, or `?done=imported-12`.
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
        "forgotten" => "Forgotten: the next call sends the field again.".to_owned(),
        "changed" => format!("{models} changed."),
        "tested" => format!("{models} tested."),
        "password" => "Your password is changed. Every other browser is signed out.".to_owned(),
        "everywhere" => "You are signed out everywhere.".to_owned(),
        "erased" => "Your account and everything in it are erased.".to_owned(),
        _ => return None,
    };
    Some(view! { <p class="done" role="status">{text}</p> })
}

/// Submits forms with `fetch`, so that a refused form keeps its fields. Without this script the page is loaded again.
#[component]
pub fn FormScript() -> impl IntoView {
    view! { <script nonce=use_nonce()>{script_text!("forms.js")}</script> }
}

/// The reason why a form was refused; renders nothing if there is none.
#[component]
pub fn Refused(
    /// The result of [`posted_errors`].
    errors: Vec<FieldError>,
) -> impl IntoView {
    let text: Vec<String> = errors.into_iter().map(|error| error.message).collect();
    (!text.is_empty()).then(|| view! { <p class="alert" role="alert">{text.join(" ")}</p> })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::SignOut;

    #[test]
    fn a_refusal_survives_the_address_and_leaves_the_rest_of_it() {
        let error = AppError::Conflict("Not now & not “so”.".into());
        let path = refused_path::<SignOut>("/page?chosen=1&b=on", CallError(error.clone()));
        let query = path.strip_prefix("/page?").expect("the same page");
        let value = |wanted: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        assert_eq!((value("chosen").as_deref(), value("b").as_deref()), (Some("1"), Some("on")));
        assert_eq!(value("__path").as_deref(), Some(SignOut::PATH));
        let read = value("__err").map(|error| AppError::from(ServerFnUrlError::<CallError>::decode_err(&error)));
        assert_eq!(read, Some(error));
    }
}
