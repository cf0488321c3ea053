//! A model's metrics over the window.

use std::fmt::Write;

use domain::{Usd, format, leaderboard::Entry};

use crate::leaderboard::{
    markup::{percent, put, score},
    table::{thin, time},
};

/// The metrics, each with its interval or what it is for. Takes numbers and literals only, so nothing is escaped.
pub(super) fn key_figures(entry: &Entry) -> String {
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

#[cfg(test)]
mod tests {
    use domain::leaderboard::{ModelInfo, Tally};

    use super::*;

    #[test]
    fn both_times_to_first_token_are_marked_where_few_requests_are_behind_them() {
        let shown = |requests: u64| {
            let mut tally = Tally { requests, successes: requests, ..Tally::default() };
            for _ in 0..requests {
                tally.latency.record(800);
                tally.ttft.record(20);
            }
            let info = ModelInfo { public_name: "a".into(), slug: "a".into(), ..ModelInfo::default() };
            key_figures(&Entry::new(info, &tally))
        };
        let (p50, p95) = ("<dd>20\u{a0}ms<a class=\"thin\"", "<dd class=\"below\">p95 20\u{a0}ms<a class=\"thin\"");
        for (requests, are_marked) in [(99, (true, true)), (999, (false, true)), (1_000, (false, false))] {
            let shown = shown(requests);
            assert_eq!((shown.contains(p50), shown.contains(p95)), are_marked, "{requests}: {shown}");
        }
    }
}
