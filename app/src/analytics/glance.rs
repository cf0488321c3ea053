//! A summary of usage, for the dashboard.

use domain::{
    analytics::{Analytics, UsageStats},
    format,
};
use leptos::prelude::*;

use super::{chart::RequestsChart, tables::cost};

/// The recent usage of all keys of the member.
#[component]
pub fn Glance(
    /// Of the last 24 hours.
    analytics: Analytics,
) -> impl IntoView {
    let UsageStats { requests, refused, abandoned, .. } = analytics.totals;
    if requests + refused + abandoned == 0 {
        return view! {
            <section class="sheet glance" aria-labelledby="glance">
                <h2 id="glance">"Usage"</h2>
                <p class="hint">"No program has asked with a key of yours in the last 24 hours. "<a href="/keys">"API keys"</a></p>
            </section>
        }
        .into_any();
    }
    let stats = analytics.totals;
    let tokens = stats.tokens_in.unwrap_or_default() + stats.tokens_out.unwrap_or_default();
    let tokens = (stats.tokens_in.is_some() || stats.tokens_out.is_some()).then_some(tokens);
    let cells = [
        ("Requests", format::count(Some(requests))),
        ("Success", format::percent(stats.success_rate)),
        ("p95", format::duration(stats.p95_latency_ms)),
        ("Tokens", format::count(tokens)),
        ("Cost", cost(stats.cost_usd)),
    ];
    view! {
        <section class="sheet glance" aria-labelledby="glance">
            <h2 id="glance">"Usage, last 24 hours"</h2>
            <dl class="usage-figures">
                {cells.map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).into_iter().collect::<Vec<_>>()}
            </dl>
            <RequestsChart window=analytics.window steps=analytics.steps/>
            <p class="hint"><a href="/keys">"By key"</a></p>
        </section>
    }
    .into_any()
}
