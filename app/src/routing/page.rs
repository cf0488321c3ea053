//! `/routing?model=…`: arranging the list for `auto`.

use std::collections::HashMap;

use domain::{
    catalog::ModelSummary,
    error::AppError,
    routing::{Measured, ROUTE_LIMIT, Route, RouteRequest},
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    Draft, Requested,
    draft::draft,
    find_route, measured_models,
    row::{Row, RowData},
};
use crate::{
    catalog::models,
    ui::{Frame, Posted, Section, guard, loaded, script_text},
};

/// The list of a member. The page also answers its own form if the list could not be saved.
#[component]
pub fn RoutingPage() -> impl IntoView {
    guard(|_| {
        let (mut requested, is_saved) = use_query_map().with_untracked(|query| {
            let text = |name: &str| query.get_str(name).map(str::to_owned);
            let models = query.get_str("draft").map(|_| query.get_all("models").unwrap_or_default());
            let requested = Requested { models, picked: text("model"), change: text("move"), added: text("add") };
            (requested, query.get_str("saved").is_some())
        });
        let refusal = Posted::to("/routing").and_then(|posted| {
            let models = Some(RouteRequest::read(&posted.fields).models);
            requested = Requested { models, ..Requested::default() };
            posted.answer.err()
        });
        let arranged = StoredValue::new((requested, refusal.map(|refusal| refusal.to_string())));
        view! {
            <Title text="Routing"/>
            <Frame section=Section::Routing>
                {loaded(all(), move |(saved, models, measured)| {
                    let (requested, refusal) = arranged.get_value();
                    let known = |name: &str| models.iter().any(|model| model.public_name == name);
                    let mut draft = draft(&saved, requested, known);
                    draft.problem = refusal.or(draft.problem);
                    if is_saved && draft.note.is_none() {
                        draft.note = Some("Saved. Requests for auto follow this list from now on.".into());
                    }
                    content(saved, models, measured, draft)
                })}
            </Frame>
        }
        .into_any()
    })
}

type All = (Route, Vec<ModelSummary>, Vec<Measured>);

/// Reads everything from the context before the first `.await`, after which there is no context.
fn all() -> impl Future<Output = Result<All, AppError>> + Send + 'static {
    let (route, models, measured) = (find_route(), models(), measured_models());
    async move {
        // Without measurements the list can still be arranged.
        Ok((route.await?, models.await?, measured.await.unwrap_or_default()))
    }
}

fn content(saved: Route, models: Vec<ModelSummary>, measured: Vec<Measured>, draft: Draft) -> AnyView {
    let is_unsaved = draft.models != saved.models;
    let others: Vec<String> =
        models.iter().map(|model| model.public_name.clone()).filter(|name| !draft.models.contains(name)).collect();
    let is_empty = draft.models.is_empty();
    view! {
        <div class="page-head">
            <div>
                <h1>"Routing"</h1>
                <p class="lede">
                    "A request for the model "<code>"auto"</code>" goes to the first model of this list, and to the next one where \
                    a model cannot be reached, is overloaded, fails or does not begin in time."
                </p>
            </div>
        </div>
        {draft.problem.map(|text| view! { <p class="alert" role="alert">{text}</p> })}
        <p class="told" role="status" id="route-note">{draft.note}</p>
        <form class="route" method="post" action="/routing">
            <input type="hidden" name="draft" value="1"/>
            <div class="sheet">
                <div class="route-empty" hidden=!is_empty>
                    <h2>"No model yet"</h2>
                    <p>"Until there is one, requests for "<code>"auto"</code>" are refused. Add a model, or pick one on a comparison."</p>
                </div>
                <ol class="route-list" aria-label="Models for auto, the first first">{rows(draft.models, models, measured)}</ol>
                {add_field(others)}
            </div>
            <div class="route-actions">
                <p class="unsaved" id="route-unsaved" hidden=!is_unsaved>
                    <b>"Not saved yet."</b>" "<a href="/routing">"Discard changes"</a>
                </p>
                <button class="go" type="submit">"Save the list"</button>
            </div>
        </form>
        <script nonce=use_nonce()>{script_text!("routing.js")}</script>
    }
    .into_any()
}

/// The listed models in their order, each with what is known of it.
fn rows(listed: Vec<String>, models: Vec<ModelSummary>, measured: Vec<Measured>) -> Vec<AnyView> {
    let last = listed.len().saturating_sub(1);
    let mut facts: HashMap<String, ModelSummary> =
        models.into_iter().map(|model| (model.public_name.clone(), model)).collect();
    let mut measured: HashMap<String, Measured> =
        measured.into_iter().map(|measured| (measured.model.clone(), measured)).collect();
    let row = |(position, name): (usize, String)| {
        let (facts, measured) = (facts.remove(&name), measured.remove(&name));
        let row = RowData { facts, measured, name, position, is_last: position == last };
        view! { <Row row/> }.into_any()
    };
    listed.into_iter().enumerate().map(row).collect()
}

/// The choice of a model to add.
fn add_field(others: Vec<String>) -> AnyView {
    view! {
        <div class="route-add">
            <label for="add">"Add a model"</label>
            <select id="add" name="add">
                <option value="">"Choose …"</option>
                {others.into_iter().map(|name| view! { <option value=name.clone()>{name.clone()}</option> }).collect::<Vec<_>>()}
            </select>
            <button class="quiet" type="submit" name="move" value="add" formmethod="get" formaction="/routing">"Add"</button>
            <p class="hint">{format!("At most {ROUTE_LIMIT}. p95 and success are of the last 7 days, over all requests of this site.")}</p>
        </div>
    }
    .into_any()
}
