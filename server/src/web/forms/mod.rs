//! Forms that are posted to the page they stand on.
//!
//! With script, the answer is that of the server function the address names. Without script it is the page again, with the
//! outcome on it and with what was typed; or a redirect, where the action leads to another page. The outcome is therefore in
//! this one answer only: a new API key's secret is in no address, no redirect and no server's memory.
//!
//! The forms of the account, of sharing and of the dashboard are ordinary posts to `/_server/…` instead. Leptos answers those
//! with a redirect, and puts a refusal into its address: see `app::ui::posted_errors`.

mod answer;
mod own;
mod server_function;
mod table;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    response::Response,
    routing::post,
};
use leptos::config::LeptosOptions;
use serde_json::Value;

use self::table::PAGES;
use super::context::Ports;

/// What the handlers share.
#[derive(Clone)]
struct Forms {
    ports: Ports,
    /// Provides a page's context.
    context: Context,
}

type Context = Arc<dyn Fn() + Send + Sync>;

/// What an action has led to. A refusal is an `AppError` in its place.
enum Done {
    /// The page shows this.
    Show(Value),
    /// The browser goes on to this path.
    Redirect(String),
    /// The answer is complete.
    Respond(Response),
}

/// The POST routes of every page in the table; to be merged with the pages, which have the same paths.
pub(super) fn router(ports: Ports, context: impl Fn() + Send + Sync + 'static) -> Router<LeptosOptions> {
    let forms = Forms { ports, context: Arc::new(context) };
    let routes = PAGES.iter().fold(Router::new(), |router, page| {
        let handler = move |State(forms): State<Forms>, request: Request| async move {
            answer::answer(&forms, page, request).await
        };
        router.route(page.path, post(handler).layer(DefaultBodyLimit::max(page.body_limit)))
    });
    routes.with_state(forms)
}
