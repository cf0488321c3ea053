//! `/dashboard`: the history of a member.

use domain::{
    analytics::{Analytics, Filter},
    catalog::{ModelSummary, admin::ModelView},
    error::{AppError, FieldError},
    playground::{HistoryEntry, HistoryFilter, HistoryRun},
    position::letter,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    DeleteComparison,
    filter::{FilterForm, in_query},
    history,
    links::SharedLinks,
    shared_links,
};
use crate::{
    analytics::{Glance, analyse_member},
    catalog::{
        admin::{UnwellModels, unwell_models},
        models,
    },
    playground::ComparisonScript,
    share::UnshareComparison,
    ui::{Frame, Refused, Section, guard, loaded, position_class, posted_errors, time},
};

/// The history: the last 50 comparisons, newest first.
#[component]
pub fn DashboardPage() -> impl IntoView {
    guard(|_| {
        let filter = use_query_map().with_untracked(in_query);
        let refused = [posted_errors::<DeleteComparison>(), posted_errors::<UnshareComparison>()].concat();
        let refused = StoredValue::new(refused);
        view! {
            <Title text="Dashboard"/>
            <Frame section=Section::Dashboard>
                {loaded(everything(filter), move |(filter, entries, links, models, usage, unwell)| {
                    let refused = refused.get_value();
                    let content = if entries.is_empty() && links.is_empty() && filter.is_empty() {
                        view! { <FirstStep refused/> {usage.map(|analytics| view! { <Glance analytics/> })} }.into_any()
                    } else {
                        view! { <History filter entries links models usage refused/> }.into_any()
                    };
                    view! { <UnwellModels models=unwell/> {content} }.into_any()
                })}
            </Frame>
        }
        .into_any()
    })
}

type Everything =
    (HistoryFilter, Vec<HistoryEntry>, Vec<HistoryEntry>, Vec<ModelSummary>, Option<Analytics>, Vec<ModelView>);

/// Reads everything from the context before the first `.await`, after which there is no context. The history is shown
/// without usage and without the notice for admins if those cannot be read.
fn everything(filter: HistoryFilter) -> impl Future<Output = Result<Everything, AppError>> + Send + 'static {
    let (entries, links, models) = (history(filter.clone()), shared_links(), models());
    let usage = analyse_member(Filter::default());
    let unwell = unwell_models();
    async move {
        let unwell = async { unwell.await.unwrap_or_default() };
        Ok((filter, entries.await?, links.await?, models.await?, usage.await.ok(), unwell.await))
    }
}

#[component]
fn FirstStep(refused: Vec<FieldError>) -> impl IntoView {
    view! {
        <h1>"Dashboard"</h1>
        <Refused errors=refused/>
        <div class="sheet squared empty">
            <h2>"No comparisons yet"</h2>
            <ol>
                <li>"Write a prompt in the playground: a real one of yours tells most."</li>
                <li>"Add up to four models."</li>
                <li>"Run it on all. The answers and their figures are kept here, encrypted."</li>
            </ol>
            <a class="go" href="/playground">"Make the first comparison"</a>
        </div>
    }
}

#[component]
fn History(
    filter: HistoryFilter,
    entries: Vec<HistoryEntry>,
    links: Vec<HistoryEntry>,
    models: Vec<ModelSummary>,
    usage: Option<Analytics>,
    refused: Vec<FieldError>,
) -> impl IntoView {
    let count = entries.len();
    let is_filtered = !filter.is_empty();
    let summary = match count {
        0 if is_filtered => "None of your last 50 comparisons is like that.".to_owned(),
        _ if is_filtered => format!("{count} of your last 50 comparisons."),
        0 => "No comparisons, but what you share is still there.".to_owned(),
        1 => "Your one comparison so far.".to_owned(),
        50 => "Your last 50 comparisons, newest first. An older one goes when a new one is made.".to_owned(),
        _ => format!("Your {count} comparisons, newest first. The last 50 are kept."),
    };
    view! {
        <div class="page-head">
            <div>
                <h1>"Dashboard"</h1>
                <p class="lede">{summary}</p>
            </div>
            <div class="page-actions">
                <details class="menu">
                    <summary class="quiet">"Export all"</summary>
                    <div class="menu-list">
                        <a href="/api/playground/export?format=json" download="">"JSON"</a>
                        <a href="/api/playground/export?format=csv" download="">"CSV"</a>
                        <a href="/api/playground/export?format=markdown" download="">"Markdown"</a>
                    </div>
                </details>
                <a class="go" href="/playground">"New comparison"</a>
            </div>
        </div>
        <Refused errors=refused/>
        {usage.map(|analytics| view! { <Glance analytics/> })}
        <FilterForm filter models/>
        {(count > 0).then(|| view! {
            <ol class="history sheet">
                {entries.into_iter().map(|entry| view! { <Entry entry/> }).collect::<Vec<_>>()}
            </ol>
        })}
        <SharedLinks entries=links/>
        <ComparisonScript/>
    }
}

#[component]
fn Entry(entry: HistoryEntry) -> impl IntoView {
    let dialog = format!("delete-{}", entry.id);
    let title = format!("title-{}", entry.id);
    let page = format!("/playground/{}", entry.id);
    let id = entry.id.to_string();
    view! {
        <li>
            <div class="entry">
                <a class="entry-prompt" href=page>{entry.prompt_preview.clone()}</a>
                <ul class="entry-runs">
                    {entry.runs.into_iter().map(|run| {
                        let is_picked = entry.picked_run_id == Some(run.id);
                        view! { <Dot run is_picked/> }
                    }).collect::<Vec<_>>()}
                    {entry.is_shared.then(|| view! { <li class="tag">"shared"</li> })}
                </ul>
            </div>
            <time datetime=time::machine(entry.created_at)>{time::date_time(entry.created_at)}</time>
            <button class="quiet" type="button" command="show-modal" commandfor=dialog.clone()>"Delete"</button>
            <dialog id=dialog aria-labelledby=title closedby="any">
                <h2 id=title.clone()>"Delete this comparison?"</h2>
                <blockquote>{entry.prompt_preview}</blockquote>
                <p>"Prompt, answers and figures are erased for good. What still runs is stopped. This cannot be undone."</p>
                <form method="post" action=DeleteComparison::url() class="dialog-actions">
                    <input type="hidden" name="id" value=id/>
                    <button class="quiet" type="button" command="close" commandfor=dialog.clone()>"Keep it"</button>
                    <button class="danger" type="submit">"Delete for good"</button>
                </form>
            </dialog>
        </li>
    }
}

/// A run: its letter, its model, and how it ended.
#[component]
fn Dot(run: HistoryRun, is_picked: bool) -> impl IntoView {
    let position = usize::from(run.position);
    let word = run.status.label();
    view! {
        <li class=format!("dot {}", position_class(position)) data-status=run.status.as_str()>
            <span class="letter">{letter(position)}</span>
            <span class="dot-model">{run.model}</span>
            <span class="dot-status">{word}</span>
            {is_picked.then(|| view! { <span class="tag picked">"picked"</span> })}
        </li>
    }
}
