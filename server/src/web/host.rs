//! The request's context for pages and server functions.

use app::host::Host;
use axum::http::{
    HeaderName, HeaderValue, StatusCode,
    header::{self, ACCEPT},
    request::Parts,
};
use domain::accounts::Viewer;
use leptos_axum::ResponseOptions;
use services::accounts::Caller;

/// The path prefix of server functions.
const CALLS: &str = "/_server/";

/// The context of one request, read once before rendering.
#[derive(Clone)]
pub(super) struct RequestHost {
    caller: Caller,
    is_call: bool,
    is_form: bool,
    response: ResponseOptions,
}

impl RequestHost {
    /// `None` on a route without the caller's identity.
    pub(super) fn new(parts: &Parts, response: ResponseOptions) -> Option<Self> {
        let caller = parts.extensions.get::<Caller>()?.clone();
        let is_call = parts.uri.path().starts_with(CALLS);
        let accepted = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        let is_form = is_call && accepted.is_some_and(|value| value.contains("text/html"));
        Some(Self { caller, is_call, is_form, response })
    }
}

impl Host for RequestHost {
    fn viewer(&self) -> Option<Viewer> {
        self.caller.viewer().cloned()
    }

    fn remote_address(&self) -> String {
        self.caller.remote_address.clone()
    }

    fn user_agent(&self) -> String {
        self.caller.user_agent.clone()
    }

    fn sign_in_token(&self) -> Option<String> {
        self.caller.token.clone()
    }

    fn set_status(&self, status: u16) {
        // Leptos answers a form posted without script with a redirect to its page, with the error in the address.
        if self.is_form {
            return;
        }
        if let Ok(status) = StatusCode::from_u16(status) {
            self.response.set_status(status);
        }
    }

    fn set_cookie(&self, cookie: &str) {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            self.response.append_header(header::SET_COOKIE, value);
        }
    }

    fn forbid_indexing(&self) {
        self.response
            .insert_header(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    }

    fn redirect(&self, path: &str) {
        // Paths of this site only: browsers read `//host` and `/\host` as other sites.
        let is_local = path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\");
        let path = if is_local { path } else { "/" };
        if self.is_call {
            leptos_axum::redirect(path);
        } else if let Ok(location) = HeaderValue::from_str(path) {
            // A redirect while rendering applies to every client; `leptos_axum::redirect` only applies it to browsers.
            self.response.insert_header(header::LOCATION, location);
            self.response.set_status(StatusCode::FOUND);
        }
    }

    fn is_call(&self) -> bool {
        self.is_call
    }
}
