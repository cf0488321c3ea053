//! Forms that are posted to the page they stand on. The page is the answer, so that what is told once is in no address, what
//! was typed is still there after a refusal, and none of it needs script.

use std::sync::Arc;

use app::{
    accounts::sign_in_path,
    keys::{KeyForm, PostedKey},
    routing::PostedRoute,
    shell,
};
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use bytes::Bytes;
use domain::{
    accounts::Viewer,
    error::AppError,
    keys::{KeysPort, NewKey},
    routing::{RouteRequest, RoutingPort},
};
use leptos::{config::LeptosOptions, prelude::provide_context};
use services::{accounts::Caller, api::ApiError};

use super::context::Ports;

/// A hundred of the longest names of models, every character percent-encoded.
const BODY_LIMIT: usize = 256 * 1024;

/// What puts a page's context into place.
pub(super) type Context = Arc<dyn Fn() + Send + Sync>;

/// What the handlers share.
#[derive(Clone)]
struct Forms {
    ports: Ports,
    context: Context,
}

/// The forms. To be merged with the pages, whose addresses they share.
pub(super) fn router(ports: Ports, context: Context) -> Router<LeptosOptions> {
    let forms = Forms { ports, context };
    Router::new()
        .route("/keys", post(keys))
        .route("/routing", post(routing))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(forms)
}

/// Makes or changes a key.
async fn keys(State(forms): State<Forms>, request: Request) -> Result<Response, ApiError> {
    let Posted { viewer, fields, request } = match Posted::read(request, "/keys").await? {
        Ok(posted) => posted,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let form = KeyForm::read(&fields);
    let outcome = match submit(&*forms.ports.keys, &viewer, &form).await {
        Ok(Submitted::Made(key)) => Ok(*key),
        Ok(Submitted::Changed) => {
            let id = form.id.map(|id| id.to_string()).unwrap_or_default();
            return Ok(Redirect::to(&format!("/keys?saved={id}")).into_response());
        }
        Err(error) => Err(error),
    };
    let posted = PostedKey { form, outcome };
    Ok(page(&forms.context, request, move || provide_context(posted.clone())).await)
}

enum Submitted {
    Made(Box<NewKey>),
    Changed,
}

async fn submit(keys: &dyn KeysPort, viewer: &Viewer, form: &KeyForm) -> Result<Submitted, AppError> {
    let id = form.id.ok_or_else(|| AppError::Malformed("The form is incomplete. Load the page anew.".into()))?;
    if form.is_change {
        keys.change(viewer, id, form.change()?).await?;
        return Ok(Submitted::Changed);
    }
    keys.create(viewer, id, form.request()?).await.map(Box::new).map(Submitted::Made)
}

/// Saves the list for `auto`.
async fn routing(State(forms): State<Forms>, request: Request) -> Result<Response, ApiError> {
    let Posted { viewer, fields, request } = match Posted::read(request, "/routing").await? {
        Ok(posted) => posted,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let list = RouteRequest::read(&fields);
    let models = list.models.clone();
    match RoutingPort::save(&*forms.ports.routing, &viewer, list).await {
        Ok(_) => Ok(Redirect::to("/routing?saved=1").into_response()),
        Err(error) => {
            let posted = PostedRoute { models, error };
            Ok(page(&forms.context, request, move || provide_context(posted.clone())).await)
        }
    }
}

/// A form of a member's, and the request without its body.
struct Posted {
    viewer: Viewer,
    fields: Vec<(String, String)>,
    request: Request,
}

impl Posted {
    /// The inner error is an answer too: the way to the sign-in page for whoever is not signed in (any more).
    async fn read(request: Request, page: &str) -> Result<Result<Self, Response>, ApiError> {
        let (parts, body) = request.into_parts();
        let caller = parts.extensions.get::<Caller>().cloned().ok_or(AppError::Internal)?;
        let viewer = match caller.signed_in() {
            Ok(viewer) => viewer,
            Err(AppError::Unauthenticated) => return Ok(Err(Redirect::to(&sign_in_path(page)).into_response())),
            Err(error) => return Err(error.into()),
        };
        if !is_form(&parts.headers) {
            return Ok(Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response()));
        }
        // The limit of the body is among the extensions, so they go with it.
        let body = match Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await {
            Ok(body) => body,
            Err(rejection) => return Ok(Err(rejection.into_response())),
        };
        let fields = url::form_urlencoded::parse(&body).into_owned().collect();
        Ok(Ok(Self { viewer, fields, request: Request::from_parts(parts, Body::empty()) }))
    }
}

pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

/// The page of this address, with something more in its context.
pub(super) async fn page(
    context: &Context,
    request: Request,
    more: impl Fn() + Clone + Send + Sync + 'static,
) -> Response {
    let context = context.clone();
    let context = move || {
        context();
        more();
    };
    leptos_axum::render_app_async_with_context(context, shell)(request).await
}
