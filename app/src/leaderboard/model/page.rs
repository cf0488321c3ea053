//! The page of one model.

use std::fmt::Write;

use domain::{
    format,
    leaderboard::{Entry, LeaderboardPort, ModelPage, WINDOWS, Window},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    hours::{hour_charts, hour_table},
    key_figures::key_figures,
};
use crate::{
    host,
    leaderboard::{
        markup::{percent, put},
        meta::{Found, ProductData, description},
        page::{FiguresScript, Stale, window_of},
        table::{ranks, time},
    },
    ui::{Frame, Section, loaded},
};

/// A model's metrics, its last 168 hours, its prices, and links to try it.
#[component]
pub fn LeaderboardModelPage() -> impl IntoView {
    let slug = use_params_map().with_untracked(|params| params.get("slug").unwrap_or_default());
    let window = use_query_map().with_untracked(|query| window_of(query.get_str("window_days")));
    let port = host::service::<dyn LeaderboardPort>();
    let answer = async move { port?.model(&slug, window).await };
    view! { <Frame section=Section::Leaderboard>{loaded(answer, content)}</Frame> }
}

fn content(page: ModelPage) -> AnyView {
    let entry = &page.entry;
    let days = page.window.days();
    let summary = description(entry, days);
    let path = format!("/leaderboard/{}", entry.slug);
    let image = format!("/og/leaderboard/{}.png", entry.slug);
    let query = encoded(&entry.model_public_name);
    view! {
        <Found title=title(entry) description=summary.clone() path image/>
        <ProductData entry=entry.clone() description=summary/>
        {heading(&page)}
        <Stale age_s=page.age_s/>
        <dl class="key-figures sheet" inner_html=key_figures(entry)></dl>
        <p class="actions">
            <a class="go" href=format!("/playground?model={query}")>"Try it in the playground"</a>
            <a class="quiet" href=format!("/routing?model={query}")>"Use it for auto-routing"</a>
        </p>
        {hour_charts(&page.hourly, page.until)}
        {errors(&page.errors, days)}
        {hour_table(&page.hourly)}
        <FiguresScript/>
    }
    .into_any()
}

/// The title of the page, with the two metrics that a search result should show.
fn title(entry: &Entry) -> String {
    let name = &entry.model_public_name;
    match (entry.success_rate, entry.p95_latency_ms) {
        (Some(_), Some(_)) => {
            format!("{name}: {} success, p95 {}", percent(entry.success_rate), time(entry.p95_latency_ms))
        }
        _ => name.clone(),
    }
}

/// The model's name and standing, and the choice of the window.
fn heading(page: &ModelPage) -> AnyView {
    let entry = &page.entry;
    let path = format!("/leaderboard/{}", entry.slug);
    let windows: Vec<_> = WINDOWS
        .into_iter()
        .map(|other| {
            let href =
                if other == Window::Week { path.clone() } else { format!("{path}?window_days={}", other.days()) };
            view! { <a href=href aria-current=(other == page.window).then_some("true")>{other.days()}" days"</a> }
        })
        .collect();
    let standing = match entry.rank {
        Some(_) => format!("Rank {} of {}", ranks(entry), page.ranked),
        None => {
            let (requests, days) = (format::count(Some(entry.requests)), page.window.days());
            format!("Not ranked yet: {requests} of 100 requests in {days} days")
        }
    };
    view! {
        <div class="page-head">
            <div>
                <p class="crumb"><a href="/leaderboard">"Leaderboard"</a></p>
                <h1 class="model-name">{entry.model_public_name.clone()}</h1>
                <p class="lede">
                    {entry.family.clone().map(|family| format!("{family} · "))}
                    {format!("{} tokens of context · {standing}", format::context_window(entry.context_window))}
                    {entry.is_featured.then(|| view! { " "<span class="tag featured">"featured"</span> })}
                    {entry.is_simulated.then(|| view! { " "<span class="tag">"simulated traffic"</span> })}
                </p>
            </div>
            <nav class="segments" aria-label="Window">{windows}</nav>
        </div>
    }
    .into_any()
}

/// The errors of the window by class; nothing where there were none.
fn errors(errors: &[(String, u64)], days: u32) -> Option<AnyView> {
    let list: Vec<_> = errors
        .iter()
        .map(|(class, count)| view! { <li><code>{class.clone()}</code>" "{format::count(Some(*count))}</li> })
        .collect();
    (!list.is_empty()).then(|| {
        view! {
            <h2 class="section-head">{format!("Errors in {days} days")}</h2>
            <ul class="errors">{list}</ul>
        }
        .into_any()
    })
}

/// Encodes a name as a query value.
fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b':' => {
                text.push(char::from(byte))
            }
            other => put!(text, "%{other:02X}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_an_address_is_that_name() {
        assert_eq!(encoded("acme/qwen-2.5:free"), "acme/qwen-2.5:free");
        assert_eq!(encoded("a b&c=#ü"), "a%20b%26c%3D%23%C3%BC");
    }
}
