//! Metrics in tables.

use domain::{
    Usd,
    analytics::{Ending, ModelStats, StepStats, UsageStats, Window},
    format,
};
use leptos::prelude::*;

use super::chart::short_time;
use crate::ui::time;

/// All metrics of the window.
#[component]
pub(super) fn Summary(stats: UsageStats) -> impl IntoView {
    let UsageStats { requests, refused, abandoned, .. } = stats;
    let uncounted = refused + abandoned;
    let estimated = (stats.estimated > 0).then(|| format!("≈ {} estimated", format::count(Some(stats.estimated))));
    let cells = [
        (
            "Requests",
            format::count(Some(requests)),
            (uncounted > 0).then(|| format!("{} not counted", format::count(Some(uncounted)))),
        ),
        (
            "Success",
            format::percent(stats.success_rate),
            (stats.errors > 0).then(|| format!("{} failed", format::count(Some(stats.errors)))),
        ),
        ("p50", format::duration(stats.p50_latency_ms), None),
        ("p95", format::duration(stats.p95_latency_ms), None),
        (
            "TTFT p50",
            format::duration(stats.p50_ttft_ms),
            stats.p95_ttft_ms.map(|ms| format!("p95 {}", format::duration(Some(ms)))),
        ),
        ("Tokens in", format::count(stats.tokens_in), estimated.clone()),
        ("Tokens out", format::count(stats.tokens_out), estimated),
        ("Cost", cost(stats.cost_usd), Some("at list price".into())),
    ];
    let cell = |(name, value, aside): (&'static str, String, Option<String>)| {
        view! { <div><dt>{name}</dt><dd>{value}<small>{aside}</small></dd></div> }
    };
    view! { <dl class="sheet usage-figures">{cells.map(cell).into_iter().collect::<Vec<_>>()}</dl> }
}

/// Usage by model.
#[component]
pub(super) fn ModelsTable(
    models: Vec<ModelStats>,
    /// The address of the page for a single model.
    address: StoredValue<String>,
) -> impl IntoView {
    let row = move |part: ModelStats| {
        let page = format!("{}&model={}", address.get_value(), escaped(&part.model));
        view! { <tr><th scope="row"><a href=page>{part.model.clone()}</a></th><Cells stats=part.stats/></tr> }
    };
    view! {
        <div class="sheet table-wrap" tabindex="0" role="region" aria-label="By model">
            <table>
                <caption>"By model"</caption>
                <thead><tr><th scope="col">"Model"</th><Heads/></tr></thead>
                <tbody>{models.into_iter().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
    }
}

/// Usage by step, newest first, without empty steps.
#[component]
pub(super) fn StepsTable(window: Window, steps: Vec<StepStats>) -> impl IntoView {
    let row = move |part: StepStats| {
        view! {
            <tr>
                <th scope="row"><time datetime=time::machine(part.at)>{short_time(window, part.at)}</time></th>
                <Cells stats=part.stats/>
            </tr>
        }
    };
    let is_used = |part: &StepStats| part.stats.requests + part.stats.refused + part.stats.abandoned > 0;
    view! {
        <details class="fold table-fold">
            <summary>"The same in a table"</summary>
            <div class="sheet table-wrap" tabindex="0" role="region" aria-label="By time">
                <table>
                    <caption>"By time, UTC, the newest first"</caption>
                    <thead><tr><th scope="col">"From"</th><Heads/></tr></thead>
                    <tbody>{steps.into_iter().rev().filter(is_used).map(row).collect::<Vec<_>>()}</tbody>
                </table>
            </div>
        </details>
    }
}

/// Requests that did not succeed, by outcome.
#[component]
pub(super) fn EndingsTable(endings: Vec<Ending>) -> impl IntoView {
    let row = |ending: Ending| {
        let class = ending.error_class.as_deref().map_or("unknown", class_words);
        let status = ending.status_code.map_or(format::UNKNOWN.to_owned(), |status| status.to_string());
        view! {
            <tr>
                <th scope="row">{class.to_owned()}</th>
                <td class="words">{outcome_words(&ending.outcome)}</td>
                <td>{status}</td>
                <td>{format::count(Some(ending.count))}</td>
            </tr>
        }
    };
    view! {
        <div class="sheet table-wrap" tabindex="0" role="region" aria-label="What did not succeed">
            <table>
                <caption>"What did not succeed"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Reason"</th><th scope="col" class="words">"Counted as"</th>
                        <th scope="col">"Status"</th><th scope="col">"Requests"</th>
                    </tr>
                </thead>
                <tbody>{endings.into_iter().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Heads() -> impl IntoView {
    ["Requests", "Success", "p50", "p95", "TTFT p50", "Tokens in", "Tokens out", "Cost"]
        .map(|name| view! { <th scope="col">{name}</th> })
        .into_iter()
        .collect::<Vec<_>>()
}

#[component]
fn Cells(stats: UsageStats) -> impl IntoView {
    view! {
        <td>{format::count(Some(stats.requests))}</td>
        <td>{format::percent(stats.success_rate)}</td>
        <td>{format::duration(stats.p50_latency_ms)}</td>
        <td>{format::duration(stats.p95_latency_ms)}</td>
        <td>{format::duration(stats.p50_ttft_ms)}</td>
        <td>{format::count(stats.tokens_in)}</td>
        <td>{format::count(stats.tokens_out)}</td>
        <td>{cost(stats.cost_usd)}</td>
    }
}

/// An amount of money, rounded if it is more than a few cents: the page is for reading, not for accounting.
pub(super) fn cost(cost: Option<Usd>) -> String {
    let Some(cost) = cost else { return format::UNKNOWN.into() };
    let amount = cost.approximate();
    match amount >= 0.1 {
        true => format!("${}", format::decimal((amount * 100.0).round() as u64, 2)),
        false => cost.display(),
    }
}

fn class_words(class: &str) -> &str {
    match class {
        "rate_limited" => "Rate limited",
        "timeout" => "Timeout",
        "connect" => "Not reached",
        "upstream_4xx" => "Refused by the upstream",
        "upstream_5xx" => "Upstream failed",
        "cut_off" => "Cut off",
        "empty" => "Empty answer",
        "slow" => "Too slow: the caller hung up",
        "caller" => "The request itself",
        "hang_up" => "The caller hung up",
        "content_filter" => "Stopped by a content filter",
        "site_limit" => "Cut by a limit of this site",
        other => other,
    }
}

fn outcome_words(outcome: &str) -> &'static str {
    match outcome {
        "error" => "error",
        _ => "not counted",
    }
}

/// Percent-encodes a value for an address.
pub(super) fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => text.push(byte as char),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_below_ten_cents_and_in_cents_above() {
        let shown = |text: &str| cost(Some(Usd(text.into())));
        assert_eq!(shown("0.000029"), "$0.000029");
        assert_eq!(shown("0"), "$0");
        assert_eq!(shown("9.41731"), "$9.42");
        assert_eq!(cost(None), "—");
    }

    #[test]
    fn a_name_in_an_address_is_one_value() {
        assert_eq!(escaped("acme/a&b=c ü"), "acme/a%26b%3Dc%20%C3%BC");
    }
}
