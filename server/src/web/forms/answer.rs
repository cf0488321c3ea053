//! A posted form, from the request to the page that answers it.

use std::sync::Arc;

use app::{accounts::sign_in_path, shell, ui::Posted};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use domain::{accounts::Viewer, error::AppError};
use leptos::prelude::provide_context;
use services::{accounts::Caller, api::ApiError};

use super::{
    Context, Done, Forms, own, server_function,
    table::{Action, FormPage},
};

/// Runs the form's action and answers with the page or a redirect. A visitor, or a user whose session has ended, is sent to
/// the sign-in page.
///
/// # Errors
///
/// [`AppError::Forbidden`] if the user may not post to this page. What the action refuses is no error here: the page shows
/// it.
pub(super) async fn answer(forms: &Forms, page: &FormPage, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let Some(viewer) = viewer(&parts)? else {
        return Ok(Redirect::to(&sign_in_path(parts.uri.path())).into_response());
    };
    // Before the body is read: only who may post can make the server hold a large one.
    page.audience.check(&viewer)?;
    if !is_form(&parts.headers) {
        return Ok(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    let Some(action) = action_path(page, &parts) else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    // The body's limit is one of the request's extensions, so the extractor needs the parts as well.
    let body = match Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(body) => body,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let done = match page.action {
        Action::ServerFunction => server_function::run(&forms.context, &parts, &action, body.clone()).await,
        Action::SaveKey => own::save_key(&*forms.ports.keys, &viewer, &fields(&body)).await,
        Action::SaveRoute => own::save_route(&*forms.ports.routing, &viewer, &fields(&body)).await,
    };
    let answer = match done {
        Ok(Done::Redirect(path)) => return Ok(Redirect::to(&path).into_response()),
        Ok(Done::Respond(response)) => return Ok(response),
        Ok(Done::Show(value)) => Ok(value),
        Err(error) => Err(error),
    };
    let posted = Posted { action, fields: fields(&body).into(), answer };
    Ok(render(&forms.context, Request::from_parts(parts, Body::empty()), posted).await)
}

/// Who is signed in; `None` for a visitor.
fn viewer(parts: &Parts) -> Result<Option<Viewer>, AppError> {
    let caller = parts.extensions.get::<Caller>().ok_or(AppError::Internal)?;
    match caller.signed_in() {
        Ok(viewer) => Ok(Some(viewer)),
        Err(AppError::Unauthenticated) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

fn fields(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

/// What [`Posted::action`] is for this request; `None` if the address should name a server function and does not.
fn action_path(page: &FormPage, parts: &Parts) -> Option<String> {
    match page.action {
        Action::ServerFunction => server_function::path(&parts.uri),
        Action::SaveKey | Action::SaveRoute => Some(page.path.to_owned()),
    }
}

/// The page at the request's address with a posted form in its context, and with the status of that form's answer. A page
/// that cannot be shown keeps its own status.
async fn render(context: &Context, request: Request, posted: Posted) -> Response {
    let status = posted.answer.as_ref().map_or_else(AppError::status, |_| 200);
    let context = Arc::clone(context);
    let context = move || {
        context();
        provide_context(posted.clone());
    };
    let mut response = leptos_axum::render_app_async_with_context(context, shell)(request).await;
    if response.status().is_success()
        && let Ok(status) = StatusCode::from_u16(status)
    {
        *response.status_mut() = status;
    }
    response
}
