//! `/routing?model=…`: arranging the list for `auto`.

use std::collections::HashMap;

use domain::{
    catalog::ModelSummary,
    error::AppError,
    routing::{Measured, ROUTE_LIMIT, Route},
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    Asked, Draft, PostedRoute,
    draft::draft,
    find_route, measured_models,
    row::{Row, RowData},
};
use crate::{
    catalog::models,
    ui::{Frame, Room, guard, loaded, script_text, set_status},
};

/// The list of a member. The page is also the answer to its own form, where that could not be saved.
#[component]
pub fn RoutingPage() -> impl IntoView {
    guard(|_| {
        let (mut asked, is_saved) = use_query_map().with_untracked(|query| {
            let text = |name: &str| query.get_str(name).map(str::to_owned);
            let models = query.get_str("draft").map(|_| query.get_all("models").unwrap_or_default());
            let asked = Asked { models, picked: text("model"), change: text("move"), added: text("add") };
            (asked, query.get_str("saved").is_some())
        });
        let posted = use_context::<PostedRoute>();
        let problem = posted.map(|posted| {
            asked = Asked { models: Some(posted.models), ..Asked::default() };
            posted.error
        });
        if let Some(problem) = &problem {
            set_status(problem.status());
        }
        let arranged = StoredValue::new((asked, problem.map(|problem| problem.to_string())));
        view! {
            <Title text="Routing"/>
            <Frame room=Room::Routing>
                {loaded(all(), move |(saved, models, measured)| {
                    let (asked, problem) = arranged.get_value();
                    let known = |name: &str| models.iter().any(|model| model.public_name == name);
                    let mut draft = draft(&saved, asked, known);
                    draft.problem = problem.or(draft.problem);
                    if is_saved && draft.note.is_none() {
                        draft.note = Some("Saved. Requests for auto follow this list from now on.".into());
                    }
                    room(saved, models, measured, draft)
                })}
            </Frame>
        }
        .into_any()
    })
}

type All = (Route, Vec<ModelSummary>, Vec<Measured>);

/// Reads everything from the context before it waits for the first answer.
fn all() -> impl Future<Output = Result<All, AppError>> + Send + 'static {
    let (route, models, measured) = (find_route(), models(), measured_models());
    async move {
        // The list can be arranged without figures, too.
        Ok((route.await?, models.await?, measured.await.unwrap_or_default()))
    }
}

fn room(saved: Route, models: Vec<ModelSummary>, measured: Vec<Measured>, draft: Draft) -> AnyView {
    let is_unsaved = draft.models != saved.models;
    let others: Vec<String> =
        models.iter().map(|model| model.public_name.clone()).filter(|name| !draft.models.contains(name)).collect();
    let last = draft.models.len().saturating_sub(1);
    let mut facts: HashMap<String, ModelSummary> =
        models.into_iter().map(|model| (model.public_name.clone(), model)).collect();
    let mut measured: HashMap<String, Measured> =
        measured.into_iter().map(|measured| (measured.model.clone(), measured)).collect();
    let rows: Vec<_> = draft
        .models
        .into_iter()
        .enumerate()
        .map(|(position, name)| {
            let row = RowData {
                facts: facts.remove(&name),
                measured: measured.remove(&name),
                name,
                position,
                is_last: position == last,
            };
            view! { <Row row/> }
        })
        .collect();
    let is_empty = rows.is_empty();
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
                <ol class="route-list" aria-label="Models for auto, the first first">{rows}</ol>
                <div class="route-add">
                    <label for="add">"Add a model"</label>
                    <select id="add" name="add">
                        <option value="">"Choose …"</option>
                        {others.into_iter().map(|name| view! { <option value=name.clone()>{name.clone()}</option> }).collect::<Vec<_>>()}
                    </select>
                    <button class="quiet" type="submit" name="move" value="add" formmethod="get" formaction="/routing">"Add"</button>
                    <p class="hint">{format!("At most {ROUTE_LIMIT}. p95 and success are of the last 7 days, over all requests of this site.")}</p>
                </div>
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
