//! `/leaderboard/{slug}`: one model.

use std::fmt::Write;

use domain::{
    Usd, format,
    leaderboard::{Entry, HourPoint, LeaderboardPort, ModelPage, WINDOWS, Window},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    charts::charts,
    markup::{percent, put, score},
    meta::{Found, ProductData, description},
    page::{FiguresScript, Stale, window_of},
    table::{ranks, thin, time},
};
use crate::{
    host,
    ui::{Frame, Section, loaded, time as clock},
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
    let ModelPage { window, entry, hourly, .. } = page;
    let days = window.days();
    let name = entry.model_public_name.clone();
    let path = format!("/leaderboard/{}", entry.slug);
    let image = format!("/og/leaderboard/{}.png", entry.slug);
    let summary = description(&entry, days);
    let title = match (entry.success_rate, entry.p95_latency_ms) {
        (Some(_), Some(_)) => {
            format!("{name}: {} success, p95 {}", percent(entry.success_rate), time(entry.p95_latency_ms))
        }
        _ => name.clone(),
    };
    let windows: Vec<_> = WINDOWS
        .into_iter()
        .map(|other| {
            let href =
                if other == Window::Week { path.clone() } else { format!("{path}?window_days={}", other.days()) };
            view! { <a href=href aria-current=(other == window).then_some("true")>{other.days()}" days"</a> }
        })
        .collect();
    let plots: Vec<_> = charts(&hourly)
        .into_iter()
        .map(|chart| {
            let lines = (chart.id == "latency").then(|| {
                view! { <span class="p95">"p95"</span><span class="band">"its interval"</span><span class="p50">"p50"</span> }
            });
            let few = chart.is_any_thin.then(|| view! { <span class="few">"few requests"</span> });
            view! {
                <figure class="sheet plot">
                    <figcaption>{chart.title}<span class="line-key">{lines}{few}</span></figcaption>
                    <div inner_html=chart.svg></div>
                    <output class="readout"></output>
                </figure>
            }
        })
        .collect();
    let few = hourly.iter().any(|hour| !hour.thin_figures.is_empty()).then(|| {
        view! { "Figures marked "<a href="/leaderboard/method#few">"few"</a>" have too few requests of their hour behind them. " }
    });
    let query = encoded(&name);
    let standing = match (entry.rank, page.ranked) {
        (Some(_), ranked) => format!("Rank {} of {ranked}", ranks(&entry)),
        (None, _) => format!("Not ranked yet: {} of 100 requests in {days} days", format::count(Some(entry.requests))),
    };
    let errors: Vec<_> = page
        .errors
        .into_iter()
        .map(|(class, count)| view! { <li><code>{class}</code>" "{format::count(Some(count))}</li> })
        .collect();
    view! {
        <Found title description=summary.clone() path image/>
        <ProductData entry=entry.clone() description=summary/>
        <div class="page-head">
            <div>
                <p class="crumb"><a href="/leaderboard">"Leaderboard"</a></p>
                <h1 class="model-name">{name}</h1>
                <p class="lede">
                    {entry.family.clone().map(|family| format!("{family} · "))}
                    {format!("{} tokens of context · {standing}", format::context_window(entry.context_window))}
                    {entry.is_featured.then(|| view! { " "<span class="tag featured">"featured"</span> })}
                    {entry.is_simulated.then(|| view! { " "<span class="tag">"simulated traffic"</span> })}
                </p>
            </div>
            <nav class="segments" aria-label="Window">{windows}</nav>
        </div>
        <Stale age_s=page.age_s/>
        <dl class="key-figures sheet" inner_html=key_stats(&entry)></dl>
        <p class="actions">
            <a class="go" href=format!("/playground?model={query}")>"Try it in the playground"</a>
            <a class="quiet" href=format!("/routing?model={query}")>"Use it for auto-routing"</a>
        </p>
        <h2 class="section-head">"The last 168 hours"</h2>
        <p class="hint">
            {format!("By the hour, UTC, {} to ", clock::date_time(page.until - chrono::TimeDelta::hours(168)))}
            <time datetime=clock::machine(page.until)>{clock::date_time(page.until)}</time>
            ". A gap is an hour without a successful request. "{few}<a href="/leaderboard/method">"How it is computed"</a>
        </p>
        <div class="plots">{plots}</div>
        {(!errors.is_empty()).then(|| view! {
            <h2 class="section-head">{format!("Errors in {days} days")}</h2>
            <ul class="errors">{errors}</ul>
        })}
        <details class="sheet hours">
            <summary>"All 168 hours as a table"</summary>
            <div class="hours-scroll" tabindex="0" role="region" aria-label="The last 168 hours">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Hour, UTC"</th>
                            <th scope="col">"Requests"</th>
                            <th scope="col">"Success"</th>
                            <th scope="col">"p50"</th>
                            <th scope="col">"p95"</th>
                            <th scope="col">"First token, p50"</th>
                            <th scope="col">"Speed"</th>
                        </tr>
                    </thead>
                    <tbody inner_html=hour_rows(&hourly)></tbody>
                </table>
            </div>
        </details>
        <FiguresScript/>
    }
    .into_any()
}

/// Takes numbers and literals only, so nothing is escaped.
fn key_stats(entry: &Entry) -> String {
    let price = |price: &Option<Usd>| price.as_ref().map_or(format::UNKNOWN.into(), Usd::display);
    let success =
        entry.success_rate_interval.map(|ends| format!("{} to {}", percent(Some(ends.low)), percent(Some(ends.high))));
    let p95 = entry.p95_latency_interval_ms.map(|ends| match ends.high {
        Some(_) => format!("{} to {}", time(Some(ends.low)), time(ends.high)),
        None => format!("from {} on", time(Some(ends.low))),
    });
    let interval = |words: Option<String>| words.map(|words| format!("95 % interval {words}")).unwrap_or_default();
    let tokens = format!("{} in, {} out", format::count(entry.total_tokens_in), format::count(entry.total_tokens_out));
    let cost = entry.total_cost_usd.as_ref().map(|cost| format!("{} in all", cost.display())).unwrap_or_default();
    let mut html = String::with_capacity(2_000);
    for (name, value, below) in [
        ("Score", score(entry.ranking_score), String::new()),
        ("Success", percent(entry.success_rate) + thin(entry, "success_rate"), interval(success)),
        ("Latency p50", time(entry.p50_latency_ms) + thin(entry, "p50_latency_ms"), String::new()),
        ("Latency p95", time(entry.p95_latency_ms) + thin(entry, "p95_latency_ms"), interval(p95)),
        (
            "First token p50",
            time(entry.p50_ttft_ms) + thin(entry, "p50_ttft_ms"),
            format!("p95 {}{}", time(entry.p95_ttft_ms), thin(entry, "p95_ttft_ms")),
        ),
        ("Speed", format::speed(entry.tokens_per_second) + thin(entry, "tokens_per_second"), "while generating".into()),
        ("Requests", format::count(Some(entry.requests)), cost),
        ("Tokens", format::count(entry.total_tokens_out), tokens),
        ("Price out", price(&entry.output_price_per_million_usd), "for a million tokens".into()),
        ("Price in", price(&entry.input_price_per_million_usd), "for a million tokens".into()),
    ] {
        put!(html, "<div><dt>{name}</dt><dd>{value}</dd>");
        if !below.is_empty() {
            put!(html, "<dd class=\"below\">{below}</dd>");
        }
        html.push_str("</div>");
    }
    html
}

fn hour_rows(hours: &[HourPoint]) -> String {
    let mut html = String::with_capacity(hours.len() * 200);
    for hour in hours.iter().rev() {
        put!(
            html,
            "<tr><th scope=\"row\"><time datetime=\"{}\">{}</time></th><td>{}</td>",
            clock::machine(hour.hour),
            hour.hour.format("%-d %b %H:%M"),
            format::count(Some(hour.requests)),
        );
        for (stat, value) in [
            ("success_rate", percent(hour.success_rate)),
            ("p50_latency_ms", time(hour.p50_latency_ms)),
            ("p95_latency_ms", time(hour.p95_latency_ms)),
            ("p50_ttft_ms", time(hour.p50_ttft_ms)),
            ("tokens_per_second", format::speed(hour.tokens_per_second)),
        ] {
            // Not a link as elsewhere: there would be hundreds, and the mark is explained above the charts.
            let mark = if hour.is_thin(stat) { "<span class=\"thin\">few</span>" } else { "" };
            put!(html, "<td>{value}{mark}</td>");
        }
        html.push_str("</tr>");
    }
    html
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
    use chrono::DateTime;
    use domain::leaderboard::{ModelInfo, Tally};

    use super::*;

    #[test]
    fn a_name_in_an_address_is_that_name() {
        assert_eq!(encoded("acme/qwen-2.5:free"), "acme/qwen-2.5:free");
        assert_eq!(encoded("a b&c=#ü"), "a%20b%26c%3D%23%C3%BC");
    }

    fn tally(requests: u64) -> Tally {
        let (generated_tokens, generation_ms) = (requests * 30, requests * 780);
        let mut tally = Tally { requests, successes: requests, generated_tokens, generation_ms, ..Tally::default() };
        for _ in 0..requests {
            tally.latency.record(800);
            tally.ttft.record(20);
        }
        tally
    }

    #[test]
    fn both_times_to_first_token_are_marked_where_few_requests_are_behind_them() {
        let shown = |requests: u64| {
            let info = ModelInfo { public_name: "a".into(), slug: "a".into(), ..ModelInfo::default() };
            key_stats(&Entry::new(info, &tally(requests)))
        };
        let (p50, p95) = ("<dd>20\u{a0}ms<a class=\"thin\"", "<dd class=\"below\">p95 20\u{a0}ms<a class=\"thin\"");
        for (requests, are_marked) in [(99, (true, true)), (999, (false, true)), (1_000, (false, false))] {
            let shown = shown(requests);
            assert_eq!((shown.contains(p50), shown.contains(p95)), are_marked, "{requests}: {shown}");
        }
    }

    #[test]
    fn an_hour_with_few_requests_says_so_beside_its_figures() {
        let shown = |requests: u64| hour_rows(&[HourPoint::new(DateTime::UNIX_EPOCH, &tally(requests))]);
        for (requests, marks) in [(0, 0), (1, 5), (99, 5), (100, 2), (999, 2), (1_000, 0)] {
            assert_eq!(shown(requests).matches("<span class=\"thin\">few</span>").count(), marks, "{requests}");
        }
        assert!(shown(999).contains("<td>100\u{a0}%<span class=\"thin\">few</span></td>"), "{}", shown(999));
        assert_eq!(shown(1).matches("<td>").count(), 6);
    }
}
