//! `/keys/{id}/analytics`: the usage of a key.

use domain::{
    KeyId,
    analytics::{Filter, KeyAnalytics, Window},
    error::{AppError, Noun},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    analyse_key,
    chart::{LatencyChart, RequestsChart, TokensChart},
    tables::{EndingsTable, ModelsTable, StepsTable, Summary, escaped},
};
use crate::ui::{Frame, Section, guard, loaded, time};

/// The metrics of one key, for the window and the model in the address.
#[component]
pub fn KeyAnalyticsPage() -> impl IntoView {
    guard(|_| {
        let id = use_params_map().with_untracked(|params| params.get_str("id").and_then(|id| id.parse().ok()));
        let filter = use_query_map().with_untracked(|query| Filter {
            window: query.get_str("window").and_then(|window| window.parse().ok()).unwrap_or_default(),
            model: query.get_str("model").filter(|model| !model.is_empty()).map(str::to_owned),
        });
        view! {
            <Title text="Key analytics"/>
            <Frame section=Section::Keys>{loaded(found(id, filter), content)}</Frame>
        }
        .into_any()
    })
}

/// Reads everything from the context before the first `.await`, after which there is no context.
fn found(id: Option<KeyId>, filter: Filter) -> impl Future<Output = Result<KeyAnalytics, AppError>> + Send + 'static {
    let found = id.map(|id| analyse_key(id, filter));
    async move { Ok(found.ok_or(AppError::NotFound(Noun::Key))?.await?) }
}

fn content(report: KeyAnalytics) -> AnyView {
    let KeyAnalytics { id, name, prefix, analytics } = report;
    let totals = &analytics.totals;
    let is_empty = totals.requests + totals.refused + totals.abandoned == 0;
    let (window, steps) = (analytics.window, analytics.steps.clone());
    let page = format!("/keys/{id}/analytics");
    let model = analytics.model.clone();
    let of_model = model.as_deref().map(|model| format!("&model={}", escaped(model))).unwrap_or_default();
    let download = format!("/api{page}.csv?window={}{of_model}", window.as_str());
    let address = StoredValue::new(format!("{page}?window={}", window.as_str()));
    view! {
        <div class="page-head">
            <div>
                <h1>{name}</h1>
                <p class="lede">
                    <code>{prefix}"…"</code>" · what it was used for until "
                    <time datetime=time::machine(analytics.to)>{time::date_time(analytics.to)}</time>
                </p>
            </div>
            <div class="page-tools">
                <Windows window page=page.clone() of_model/>
                <a class="quiet" href=download download="">"CSV"</a>
                <a class="quiet" href="/keys">"All keys"</a>
            </div>
        </div>
        {model.map(|model| view! {
            <p class="told">"Only "<b class="model-mono">{model}</b>". "<a href=address.get_value()>"Every model"</a></p>
        })}
        {if is_empty {
            view! { <Nothing window/> }.into_any()
        } else {
            view! {
                <Summary stats=analytics.totals.clone()/>
                <div class="usage-plots">
                    <RequestsChart window steps=steps.clone()/>
                    <LatencyChart window steps=steps.clone()/>
                    <TokensChart window steps=steps.clone()/>
                </div>
                <StepsTable window steps/>
                <ModelsTable models=analytics.models address/>
                {(!analytics.endings.is_empty()).then(|| view! { <EndingsTable endings=analytics.endings.clone()/> })}
                <p class="hint">
                    "Requests are successes and errors; what the caller got wrong or gave up on is not counted. Times are those of \
                    successes, as the caller felt them, to within 0.9 %. Times of day are UTC."
                </p>
            }
            .into_any()
        }}
    }
    .into_any()
}

/// The links to the other windows.
#[component]
fn Windows(window: Window, page: String, of_model: String) -> impl IntoView {
    let links: Vec<_> = Window::ALL
        .into_iter()
        .map(|other| {
            let address = format!("{page}?window={}{of_model}", other.as_str());
            view! { <a href=address aria-current=(other == window).then_some("true")>{other.title()}</a> }
        })
        .collect();
    view! { <div class="seg" role="group" aria-label="Window">{links}</div> }
}

#[component]
fn Nothing(window: Window) -> impl IntoView {
    view! {
        <div class="sheet squared empty">
            <h2>"Nothing in the last "{window.title()}</h2>
            <p>"As soon as a program asks with this key, its requests are here, the last second included."</p>
            <p><a class="quiet" href="/keys">"How to use a key"</a></p>
        </div>
    }
}
