//! Forms whose action is a server function, named by the address: `POST /admin/models?do=save-model`.

use std::sync::Arc;

use app::{error::CallError, ui::POSTED_FOR};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::error::AppError;
use leptos::prelude::FromServerFnError;
use serde_json::Value;

use super::{Context, Done, table::FILE_LIMIT};

/// The path of the server function that the address names.
pub(super) fn path(uri: &Uri) -> Option<String> {
    let query = url::form_urlencoded::parse(uri.query()?.as_bytes());
    let (_, name) = query.into_iter().find(|(key, _)| key == POSTED_FOR)?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    is_name.then(|| format!("/_server/{name}"))
}

/// Runs the server function. To script the answer is its own; for a browser it is read here.
///
/// # Errors
///
/// What the function answered to a browser, if it refused.
pub(super) async fn run(context: &Context, parts: &Parts, path: &str, body: Bytes) -> Result<Done, AppError> {
    let context = Arc::clone(context);
    let call = call(parts, path, body)?;
    let response = leptos_axum::handle_server_fns_with_context(move || context(), call).await.into_response();
    if !accepts_page(&parts.headers) {
        return Ok(Done::Respond(response));
    }
    let location = response.headers().get(header::LOCATION).filter(|_| response.status().is_success());
    match location.and_then(|location| location.to_str().ok()) {
        Some(location) => Ok(Done::Redirect(location.to_owned())),
        None => read(response).await.map(Done::Show),
    }
}

fn accepts_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

/// The form as a call of the function. It accepts JSON, so that Leptos answers with the function's value or error instead
/// of a redirect to the referring page.
fn call(parts: &Parts, path: &str, body: Bytes) -> Result<Request, AppError> {
    let mut parts = parts.clone();
    parts.method = Method::POST;
    parts.uri = path.parse().map_err(|_| AppError::Internal)?;
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The value or the error in a function's answer.
async fn read(response: Response) -> Result<Value, AppError> {
    let is_success = response.status().is_success();
    let body = to_bytes(response.into_body(), FILE_LIMIT).await.map_err(|_| AppError::Internal)?;
    if is_success {
        serde_json::from_slice(&body).map_err(|_| AppError::Internal)
    } else {
        Err(CallError::de(body).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_names_a_server_function() {
        let named = |uri: &str| path(&uri.parse().expect(uri));
        assert_eq!(named("/admin/models?do=save-model&x=1").as_deref(), Some("/_server/save-model"));
        for uri in ["/admin/models", "/admin/models?do=", "/admin/models?do=../x", "/admin/models?do=a%2Fb"] {
            assert_eq!(named(uri), None, "{uri}");
        }
    }
}
