//! `/dashboard`: the history of a member.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

use super::{DeleteComparison, history};
use crate::{
    analytics::{Analytics, Filter, Glance, analyse_member},
    error::AppError,
    playground::{HistoryEntry, HistoryRun, status_word},
    ui::{Frame, Room, guard, letter, loaded, position_class, time},
};

/// The history: the last 50 comparisons, newest first.
#[component]
pub fn DashboardPage() -> impl IntoView {
    guard(|_| {
        view! {
            <Title text="Dashboard"/>
            <Frame room=Room::Dashboard>
                {loaded(history_and_usage(), |(entries, usage)| {
                    if entries.is_empty() {
                        view! { <FirstStep/> {usage.map(|analytics| view! { <Glance analytics/> })} }.into_any()
                    } else {
                        view! { <History entries usage/> }.into_any()
                    }
                })}
            </Frame>
        }
        .into_any()
    })
}

/// Reads everything from the context before it waits. The history is there without the figures, too.
fn history_and_usage() -> impl Future<Output = Result<(Vec<HistoryEntry>, Option<Analytics>), AppError>> + Send + 'static
{
    let (history, usage) = (history(), analyse_member(Filter::default()));
    async move { Ok((history.await?, usage.await.ok())) }
}

#[component]
fn FirstStep() -> impl IntoView {
    view! {
        <h1>"Dashboard"</h1>
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
fn History(entries: Vec<HistoryEntry>, usage: Option<Analytics>) -> impl IntoView {
    let count = entries.len();
    let summary = match count {
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
            <a class="go" href="/playground">"New comparison"</a>
        </div>
        {usage.map(|analytics| view! { <Glance analytics/> })}
        <ol class="history sheet">
            {entries.into_iter().map(|entry| view! { <Entry entry/> }).collect::<Vec<_>>()}
        </ol>
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
                    {entry.runs.into_iter().map(|run| view! { <Dot run/> }).collect::<Vec<_>>()}
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
fn Dot(run: HistoryRun) -> impl IntoView {
    let position = usize::from(run.position);
    let word = status_word(run.status);
    view! {
        <li class=format!("dot {}", position_class(position)) data-status=run.status.as_str()>
            <span class="letter">{letter(position)}</span>
            <span class="dot-model">{run.model}</span>
            <span class="dot-status">{word}</span>
        </li>
    }
}
