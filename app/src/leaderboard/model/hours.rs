//! A model's last 168 hours: charts, and the same figures as a table.

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{format, leaderboard::HourPoint};
use leptos::prelude::*;

use crate::{
    leaderboard::{
        charts::charts,
        markup::{percent, put},
        table::time,
    },
    ui::time as clock,
};

/// The charts of the hours that end at `until`.
pub(super) fn hour_charts(hours: &[HourPoint], until: DateTime<Utc>) -> AnyView {
    let plots: Vec<_> = charts(hours)
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
    let few = hours.iter().any(|hour| !hour.thin_figures.is_empty()).then(|| {
        view! { "Figures marked "<a href="/leaderboard/method#few">"few"</a>" have too few requests of their hour behind them. " }
    });
    view! {
        <h2 class="section-head">"The last 168 hours"</h2>
        <p class="hint">
            {format!("By the hour, UTC, {} to ", clock::date_time(until - TimeDelta::hours(168)))}
            <time datetime=clock::machine(until)>{clock::date_time(until)}</time>
            ". A gap is an hour without a successful request. "{few}<a href="/leaderboard/method">"How it is computed"</a>
        </p>
        <div class="plots">{plots}</div>
    }
    .into_any()
}

/// The hours as a table, folded away.
pub(super) fn hour_table(hours: &[HourPoint]) -> AnyView {
    view! {
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
                    <tbody inner_html=hour_rows(hours)></tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
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

#[cfg(test)]
mod tests {
    use domain::leaderboard::Tally;

    use super::*;

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
    fn an_hour_with_few_requests_says_so_beside_its_figures() {
        let shown = |requests: u64| hour_rows(&[HourPoint::new(DateTime::UNIX_EPOCH, &tally(requests))]);
        for (requests, marks) in [(0, 0), (1, 5), (99, 5), (100, 2), (999, 2), (1_000, 0)] {
            assert_eq!(shown(requests).matches("<span class=\"thin\">few</span>").count(), marks, "{requests}");
        }
        assert!(shown(999).contains("<td>100\u{a0}%<span class=\"thin\">few</span></td>"), "{}", shown(999));
        assert_eq!(shown(1).matches("<td>").count(), 6);
    }
}
