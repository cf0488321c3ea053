//! The ranked table: its columns, in any order, and its rows.

use std::{cmp::Ordering, fmt::Write};

use super::{
    Entry, SortBy,
    markup::{at, escape, percent, put, score},
};
use crate::domain::{Usd, format};

/// A column that the table can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Column {
    #[default]
    Score,
    Success,
    P50,
    P95,
    Speed,
    Requests,
    Price,
}

impl Column {
    pub(super) const ALL: [Column; 7] =
        [Column::Score, Column::Success, Column::P50, Column::P95, Column::Speed, Column::Requests, Column::Price];

    /// The word in the address.
    pub(super) fn word(self) -> &'static str {
        match self {
            Column::Score => "ranking_score",
            Column::Success => "success_rate",
            Column::P50 => "p50_latency",
            Column::P95 => "p95_latency",
            Column::Speed => "throughput",
            Column::Requests => "requests",
            Column::Price => "cost",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Column::Score => "Score",
            Column::Success => "Success",
            Column::P50 => "p50",
            Column::P95 => "p95 and its interval",
            Column::Speed => "Speed",
            Column::Requests => "Requests",
            Column::Price => "Price out / M",
        }
    }

    /// `ascending` or `descending`: the best first, as `aria-sort` has it.
    pub(super) fn direction(self) -> &'static str {
        match self {
            Column::P50 | Column::P95 | Column::Price => "ascending",
            _ => "descending",
        }
    }

    /// The order of the API that is the same, where there is one.
    pub(super) fn sort_by(self) -> Option<SortBy> {
        match self {
            Column::Score => Some(SortBy::RankingScore),
            Column::P95 => Some(SortBy::P95Latency),
            Column::Speed => Some(SortBy::Throughput),
            Column::Price => Some(SortBy::Cost),
            _ => None,
        }
    }

    /// Orders by what the API does not order by; nothing is known then of who can be told apart.
    pub(super) fn order(self, entries: &mut [Entry]) {
        let key = |entry: &Entry| match self {
            Column::Success => entry.success_rate.map_or(f64::INFINITY, |rate| -rate),
            Column::P50 => entry.p50_latency_ms.map_or(f64::INFINITY, |ms| ms as f64),
            Column::Requests => -(entry.requests as f64),
            _ => 0.0,
        };
        entries.sort_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(Ordering::Equal));
        entries.iter_mut().for_each(|entry| entry.is_tied_with_next = false);
    }
}

/// The bodies of the rows.
pub(super) fn rows(entries: &[Entry]) -> String {
    let scale = Scale::of(entries);
    let mut html = String::with_capacity(entries.len() * 1_600);
    let mut is_tied_with_previous = false;
    for entry in entries {
        row(&mut html, entry, is_tied_with_previous || entry.is_tied_with_next, &scale);
        is_tied_with_previous = entry.is_tied_with_next;
    }
    html
}

fn row(html: &mut String, entry: &Entry, is_tied: bool, scale: &Scale) {
    let name = escape(&entry.model_public_name);
    let family = entry.family.as_deref().map(|family| escape(family) + " · ").unwrap_or_default();
    let context = entry.context_window.map(|tokens| format::context_window(Some(tokens))).unwrap_or("context —".into());
    put!(html, "<tr><td class=\"rank\" data-label=\"Rank\">{}", ranks(entry));
    if is_tied {
        put!(
            html,
            " <span class=\"tied\" title=\"cannot be told apart from its neighbour\">≈<span class=\"visually-hidden\"> cannot be told apart from its neighbour</span></span>"
        );
    }
    put!(
        html,
        "</td><th scope=\"row\"><a href=\"/leaderboard/{}\">{name}</a><small>{family}{context}{}{}</small></th>",
        escape(&entry.slug),
        if entry.is_featured { " <span class=\"tag featured\">featured</span>" } else { "" },
        if entry.is_simulated { " <span class=\"tag\">simulated</span>" } else { "" },
    );
    cell(html, "Score", "score", &score(entry.ranking_score), "");
    let half = entry.success_rate_interval.map(|ends| {
        let half = ((ends.high - ends.low) * 5_000.0).round().max(1.0) as u64;
        format!("± {}", format::decimal(half, 2))
    });
    cell(html, "Success", "", &(percent(entry.success_rate) + thin(entry, "success_rate")), &half.unwrap_or_default());
    cell(html, "p50", "", &(time(entry.p50_latency_ms) + thin(entry, "p50_latency_ms")), &of_first_token(entry));
    cell(html, "p95", "", &(time(entry.p95_latency_ms) + thin(entry, "p95_latency_ms")), &scale.whisker(entry));
    cell(html, "Speed", "", &(format::speed(entry.tokens_per_second) + thin(entry, "tokens_per_second")), "");
    cell(html, "Requests", "", &format::count(Some(entry.requests)), "");
    let price = |price: &Option<Usd>| price.as_ref().map_or(format::UNKNOWN.into(), Usd::display);
    let input = format!("in {}", price(&entry.input_price_per_million_usd));
    cell(html, "Price out / M", "", &price(&entry.output_price_per_million_usd), &input);
    html.push_str("</tr>");
}

fn cell(html: &mut String, label: &str, class: &str, value: &str, below: &str) {
    put!(html, "<td class=\"{class}\" data-label=\"{label}\"><span>{value}</span>");
    if !below.is_empty() {
        put!(html, "<small>{below}</small>");
    }
    html.push_str("</td>");
}

/// `2`, or `2–3` where the intervals allow both.
pub(super) fn ranks(entry: &Entry) -> String {
    match (entry.rank, entry.rank_best, entry.rank_worst) {
        (_, Some(best), Some(worst)) if best < worst => format!("{best}–{worst}"),
        (Some(rank), ..) => rank.to_string(),
        _ => format::UNKNOWN.into(),
    }
}

/// The mark of a figure that has too few requests behind it.
pub(super) fn thin(entry: &Entry, figure: &str) -> &'static str {
    if entry.thin_figures.iter().any(|thin| thin == figure) {
        "<a class=\"thin\" href=\"/leaderboard/method#few\" title=\"few requests are behind this figure\">few</a>"
    } else {
        ""
    }
}

fn of_first_token(entry: &Entry) -> String {
    entry.p50_ttft_ms.map(|ms| format!("first token {}", time(Some(ms)))).unwrap_or_default()
}

pub(super) fn time(ms: Option<u64>) -> String {
    format::duration(ms).replace(' ', "\u{a0}")
}

/// The scale that the whiskers of all rows share: logarithmic, from the shortest to the longest end.
struct Scale {
    low: f64,
    span: f64,
}

const WIDTH: f64 = 120.0;
const MARGIN: f64 = 5.0;

impl Scale {
    fn of(entries: &[Entry]) -> Self {
        let ends = entries.iter().flat_map(|entry| {
            let ends = entry.p95_latency_interval_ms;
            [entry.p95_latency_ms, ends.map(|ends| ends.low), ends.and_then(|ends| ends.high)]
        });
        let (low, high) = ends
            .flatten()
            .map(log)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        Self { low: if low.is_finite() { low } else { 0.0 }, span: if high > low { high - low } else { 0.0 } }
    }

    fn place(&self, ms: u64) -> f64 {
        let share = if self.span > 0.0 { (log(ms) - self.low) / self.span } else { 0.5 };
        MARGIN + share * (WIDTH - 2.0 * MARGIN)
    }

    /// A point with the interval as a line, in the place that all rows share.
    fn whisker(&self, entry: &Entry) -> String {
        let (Some(p95), Some(ends)) = (entry.p95_latency_ms, entry.p95_latency_interval_ms) else {
            return String::new();
        };
        let right = ends.high.map_or(WIDTH, |high| self.place(high));
        let words = match ends.high {
            Some(high) => format!("95 % interval {} to {}", time(Some(ends.low)), time(Some(high))),
            None => format!("95 % interval from {} on; too few requests to bound it above", time(Some(ends.low))),
        };
        format!(
            "<svg class=\"whisker\" viewBox=\"0 0 {WIDTH} 10\" role=\"img\" aria-label=\"{words}\"><title>{words}</title>\
             <path d=\"M{} 5H{}M{0} 2v6M{1} 2v6\"/><circle cx=\"{}\" cy=\"5\" r=\"3\"/></svg>",
            at(self.place(ends.low)),
            at(right),
            at(self.place(p95)),
        )
    }
}

fn log(ms: u64) -> f64 {
    (ms.max(1) as f64).ln()
}
