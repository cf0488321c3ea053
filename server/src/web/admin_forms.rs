//! The forms of the pages for admins. Each is posted to the page it stands on, which runs the server function that its address
//! names: with script the answer is the function's own, without it the page, with the outcome on it and with what was typed.

use std::sync::Arc;

use app::{
    accounts::sign_in_path,
    error::CallError,
    ui::{POSTED_FOR, Posted},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use bytes::Bytes;
use domain::{accounts::Viewer, error::AppError};
use leptos::{
    config::LeptosOptions,
    prelude::{FromServerFnError, provide_context},
};
use services::{accounts::Caller, api::ApiError};

use super::forms::{Context, is_form, page};

/// Several times the public price file, percent-encoded.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

const PAGES: [&str; 10] = [
    "/admin/add-model",
    "/admin/catalog",
    "/admin/models",
    "/admin/models/{slug}",
    "/admin/models/{slug}/test",
    "/admin/upstreams",
    "/admin/upstreams/new",
    "/admin/upstreams/{id}",
    "/admin/upstreams/{id}/import",
    "/admin/users",
];

/// The pages' forms. To be merged with the pages, whose addresses they share.
pub(super) fn router(context: Context) -> Router<LeptosOptions> {
    let routes = PAGES.iter().fold(Router::new(), |router, page| router.route(page, post(answer)));
    routes.layer(DefaultBodyLimit::max(BODY_LIMIT)).with_state(context)
}

async fn answer(State(context): State<Context>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let Some(viewer) = viewer(&parts)? else {
        return Ok(Redirect::to(&sign_in_path(parts.uri.path())).into_response());
    };
    // Nothing of the body is read for anybody else.
    let _admin = viewer.admin()?;
    if !is_form(&parts.headers) {
        return Ok(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    let Some(function) = function(&parts.uri) else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let wants_page = accepts_page(&parts.headers);
    // The limit of the body is among the extensions, so they go with it.
    let body = match Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(body) => body,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let call = call(&parts, &function, body.clone())?;
    let done = leptos_axum::handle_server_fns_with_context(provider(&context), call).await.into_response();
    if !wants_page {
        return Ok(done);
    }
    if let Some(location) = done.headers().get(header::LOCATION).filter(|_| done.status().is_success()) {
        let location = location.to_str().unwrap_or("/admin/models");
        return Ok(Redirect::to(location).into_response());
    }
    let posted = Posted {
        function,
        fields: url::form_urlencoded::parse(&body).into_owned().collect(),
        answer: read(done).await,
    };
    let status = posted.answer.as_ref().map_or_else(AppError::status, |_| 200);
    let page = page(&context, Request::from_parts(parts, Body::empty()), move || provide_context(posted.clone()));
    let mut response = page.await;
    // A page that cannot be shown says so itself.
    if response.status().is_success()
        && let Ok(status) = StatusCode::from_u16(status)
    {
        *response.status_mut() = status;
    }
    Ok(response)
}

fn provider(context: &Context) -> impl Fn() + Clone + Send + Sync + 'static {
    let context = Arc::clone(context);
    move || context()
}

/// Who is signed in; nobody is no error.
fn viewer(parts: &Parts) -> Result<Option<Viewer>, AppError> {
    let caller = parts.extensions.get::<Caller>().ok_or(AppError::Internal)?;
    match caller.signed_in() {
        Ok(viewer) => Ok(Some(viewer)),
        Err(AppError::Unauthenticated) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The path of the server function that the address names.
fn function(uri: &Uri) -> Option<String> {
    let query = url::form_urlencoded::parse(uri.query()?.as_bytes());
    let (_, name) = query.into_iter().find(|(key, _)| key == POSTED_FOR)?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    is_name.then(|| format!("/_server/{name}"))
}

fn accepts_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

/// The same form as a call of the function, which answers with what it did instead of sending the browser anywhere.
fn call(parts: &Parts, function: &str, body: Bytes) -> Result<Request, AppError> {
    let mut parts = parts.clone();
    parts.method = Method::POST;
    parts.uri = function.parse().map_err(|_| AppError::Internal)?;
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// What a function answered: its value, or why not.
async fn read(done: Response) -> Result<serde_json::Value, AppError> {
    let is_success = done.status().is_success();
    let body = to_bytes(done.into_body(), BODY_LIMIT).await.map_err(|_| AppError::Internal)?;
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
        let named = |uri: &str| function(&uri.parse().expect(uri));
        assert_eq!(named("/admin/models?do=save-model&x=1").as_deref(), Some("/_server/save-model"));
        for uri in ["/admin/models", "/admin/models?do=", "/admin/models?do=../x", "/admin/models?do=a%2Fb"] {
            assert_eq!(named(uri), None, "{uri}");
        }
    }
}
