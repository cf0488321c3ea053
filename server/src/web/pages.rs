//! Pages and server functions.

use app::{App, shell};
use axum::{
    Router,
    http::{HeaderValue, header},
    middleware::map_response,
};
use leptos::{
    config::LeptosOptions,
    nonce::use_nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list_with_exclusions_and_ssg_and_context};

use super::{context::Ports, forms, security::content_security_policy, valid::valid};

/// Routes for every page, form and server function. Any other path renders the 404 page.
pub fn router(ports: Ports) -> Router {
    let context = {
        let ports = ports.clone();
        move || {
            ports.provide();
            send_policy();
        }
    };
    let (routes, _static_pages) = generate_route_list_with_exclusions_and_ssg_and_context(App, None, {
        let ports = ports.clone();
        move || provide_context(ports.site.clone())
    });
    // Leptos requires options as the router's state. File names do not come from them but from the manifest of the static
    // files.
    let options = LeptosOptions::builder().output_name("quadrille").build();
    Router::new()
        .leptos_routes_with_context(&options, routes, context.clone(), shell)
        .merge(forms::router(ports, context.clone()))
        .fallback(leptos_axum::render_app_async_with_context(context, shell))
        .layer(map_response(valid))
        .with_state(options)
}

/// Sets this page's content security policy, with its nonce. Because of the nonce such a page is never cached.
fn send_policy() {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else { return };
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(&nonce)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}
