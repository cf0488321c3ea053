//! `/leaderboard`: the ranked models.

use std::sync::Arc;

use domain::{
    format,
    leaderboard::{Board, BoardStats, LeaderboardPort, Unranked, WINDOWS, Window},
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_router::hooks::use_query_map;

use super::{meta::Found, rendered::rendered, table::Column};
use crate::{
    host,
    ui::{Frame, Section, loaded, script_text, time},
};

/// The leaderboard. Unknown values in the address fall back to the defaults; the JSON API refuses them instead.
#[component]
pub fn LeaderboardPage() -> impl IntoView {
    let (window, column) = use_query_map().with_untracked(|query| {
        let column =
            query.get_str("sort_by").and_then(|word| Column::ALL.into_iter().find(|column| column.word() == word));
        (window_of(query.get_str("window_days")), column.unwrap_or_default())
    });
    let port = host::service::<dyn LeaderboardPort>();
    let answer = async move { port?.board(window).await };
    view! { <Frame section=Section::Leaderboard>{loaded(answer, move |board| content(board, column))}</Frame> }
}

/// The window in the address.
pub(super) fn window_of(days: Option<&str>) -> Window {
    WINDOWS.into_iter().find(|window| days == Some(window.days().to_string().as_str())).unwrap_or_default()
}

fn address(window: Window, column: Column) -> String {
    match (window, column) {
        (Window::Week, Column::Score) => "/leaderboard".into(),
        (window, Column::Score) => format!("/leaderboard?window_days={}", window.days()),
        (window, column) => format!("/leaderboard?window_days={}&sort_by={}", window.days(), column.word()),
    }
}

fn content(board: Board, column: Column) -> AnyView {
    let (board, age_s) = (board.stats, board.age_s);
    let days = board.window.days();
    let traffic = if board.entries.iter().any(|entry| entry.is_simulated) { "simulated" } else { "real" };
    let count = board.entries.len();
    let description = match board.entries.first() {
        Some(first) => format!(
            "{count} hosted models ranked by success, p95 latency and output price in {traffic} traffic of {days} days, with \
             95 % intervals. First: {}.",
            first.model_public_name
        ),
        None => {
            "Hosted models ranked by success, p95 latency and output price in real traffic, with 95 % intervals.".into()
        }
    };
    let (since, until) = (board.since.format("%-d %B"), board.until.format("%-d %B %Y"));
    let windows: Vec<_> = WINDOWS
        .into_iter()
        .map(|window| {
            let is_current = (window == board.window).then_some("true");
            view! { <a href=address(window, column) aria-current=is_current>{window.days()}" days"</a> }
        })
        .collect();
    let rolled_up = if board.is_rolled_up {
        view! {
            "Rolled up hourly, last on "
            <time datetime=time::machine(board.generated_at)>{time::date_time(board.generated_at)}</time>
            ". "
        }
        .into_any()
    } else {
        view! { "No hour of these days has been rolled up yet. " }.into_any()
    };
    let table = if board.entries.is_empty() { view! { <NothingYet/> }.into_any() } else { ranked(&board, column) };
    view! {
        <Found title="Leaderboard".into() description path="/leaderboard".into() image="/og/leaderboard.png".into()/>
        <div class="page-head">
            <div>
                <h1>"Leaderboard"</h1>
                <p class="lede">
                    {format!("How every model performed in {traffic} traffic, {since} to {until}. ")}{rolled_up}
                    <a href="/leaderboard/method">"How it is computed"</a>
                </p>
            </div>
            <nav class="segments" aria-label="Window">{windows}</nav>
        </div>
        <Stale age_s/>
        {table}
        <TooFew unranked=&board.unranked days/>
        <FiguresScript/>
    }
    .into_any()
}

fn ranked(board: &BoardStats, column: Column) -> AnyView {
    let drawing = rendered(board, column);
    view! {
        <nav class="orders" aria-label="Order">{order_links(board.window, column)}</nav>
        <div class="sheet board">
            <table>
                <caption class="visually-hidden">{format!("Models by {}, best first", column.title())}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Rank"</th>
                        <th scope="col">"Model"</th>
                        {column_heads(board.window, column)}
                    </tr>
                </thead>
                <tbody inner_html=drawing.rows.clone()></tbody>
            </table>
        </div>
        <p class="hint board-note">
            {drawing.is_any_tied.then_some("≈ the requests seen so far cannot tell these neighbours apart. ")}
            "Below success and p95 are their 95 % intervals. A rank such as 2–3 is the range that they allow; it is always that of the score. All times are UTC."
        </p>
        {drawing.plot.clone().map(plot)}
    }
    .into_any()
}

/// Links to every order, for narrow screens.
fn order_links(window: Window, column: Column) -> Vec<AnyView> {
    let link = |other: Column| {
        let is_current = (other == column).then_some("true");
        view! { <a href=address(window, other) aria-current=is_current>{other.title()}</a> }.into_any()
    };
    Column::ALL.into_iter().map(link).collect()
}

/// The heads of the table's columns, which are links to the same orders.
fn column_heads(window: Window, column: Column) -> Vec<AnyView> {
    let head = |other: Column| {
        let sort = (other == column).then_some(other.direction());
        let arrow = match sort {
            None => "",
            Some("ascending") => " ▴",
            Some(_) => " ▾",
        };
        view! {
            <th scope="col" aria-sort=sort>
                <a href=address(window, other)>{other.title()}<span aria-hidden="true">{arrow}</span></a>
            </th>
        }
        .into_any()
    };
    Column::ALL.into_iter().map(head).collect()
}

/// The plot of latency against price, with its key.
fn plot(svg: Arc<str>) -> AnyView {
    view! {
        <figure class="sheet plot">
            <figcaption>"p95 latency against output price"</figcaption>
            <div inner_html=svg></div>
            <output class="readout"></output>
            <ul class="key">
                <li><svg viewBox="0 0 16 16" aria-hidden="true"><circle class="mark high" cx="8" cy="8" r="6"/></svg>"99.5 % success or more"</li>
                <li><svg viewBox="0 0 16 16" aria-hidden="true"><path class="mark middle" d="M8 1l7 7-7 7-7-7z"/></svg>"98 % or more"</li>
                <li><svg viewBox="0 0 16 16" aria-hidden="true"><path class="mark low" d="M8 2l7 12h-14z"/></svg>"less"</li>
            </ul>
        </figure>
    }
    .into_any()
}

/// The script that changes order and window without a reload, and shows tooltips for pointer and keyboard.
#[component]
pub(super) fn FiguresScript() -> impl IntoView {
    view! { <script nonce=use_nonce()>{script_text!("figures.js")}</script> }
}

/// Shown where no model has enough requests.
#[component]
fn NothingYet() -> impl IntoView {
    view! {
        <div class="sheet squared empty">
            <h2>"No model can be ranked yet"</h2>
            <p>"A model appears here after 100 requests within the window. Usage is rolled up five minutes after every hour."</p>
            <p><a class="quiet" href="/leaderboard/method">"What counts as a request"</a></p>
        </div>
    }
}

/// Models that are not ranked.
#[component]
fn TooFew<'a>(unranked: &'a [Unranked], days: u32) -> impl IntoView {
    (!unranked.is_empty()).then(|| {
        let models: Vec<_> = unranked
            .iter()
            .map(|model| {
                let path = format!("/leaderboard/{}", model.slug);
                view! {
                    <li>
                        <a href=path>{model.public_name.clone()}</a>
                        <span class="hint">{format!("{} of 100 requests", format::count(Some(model.requests)))}</span>
                    </li>
                }
            })
            .collect();
        view! {
            <section class="too-few" aria-labelledby="too-few">
                <h2 id="too-few">"Not enough data yet"</h2>
                <p class="hint">{format!("Fewer than 100 requests in {days} days say too little to rank by.")}</p>
                <ul>{models}</ul>
            </section>
        }
    })
}

/// Shown if the statistics could not be refreshed (stale-if-error).
#[component]
pub(super) fn Stale(age_s: Option<u64>) -> impl IntoView {
    age_s.map(|age| {
        let age = match age {
            0..120 => format!("{age} seconds"),
            120..7_200 => format!("{} minutes", age / 60),
            _ => format!("{} hours", age / 3_600),
        };
        view! { <p class="alert" role="status">{format!("The database is away for the moment. These figures are {age} old.")}</p> }
    })
}
