//! The ranked table: columns, ordering and rows.

use std::fmt::Write;

use domain::{
    Usd, format,
    leaderboard::{Entry, SortBy, are_exact, least_first, most_first, order_by, order_entries},
};

use super::markup::{at, escape, percent, put, score};

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

    /// The value of the query parameter.
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

    /// The direction with the best first, for `aria-sort`.
    pub(super) fn direction(self) -> &'static str {
        match self {
            Column::P50 | Column::P95 | Column::Price => "ascending",
            _ => "descending",
        }
    }

    /// Orders entries by this column, the best first, and marks neighbours that are statistically tied.
    pub(super) fn order(self, entries: &mut [Entry]) {
        match self {
            Column::Score => order_entries(entries, SortBy::RankingScore),
            Column::P95 => order_entries(entries, SortBy::P95Latency),
            Column::Speed => order_entries(entries, SortBy::Throughput),
            Column::Price => order_entries(entries, SortBy::Cost),
            Column::Success => order_by(
                entries,
                |entry| most_first(entry.success_rate),
                |a, b| a.success_rate_interval.zip(b.success_rate_interval).is_some_and(|(a, b)| a.overlaps(b)),
            ),
            Column::P50 => {
                order_by(entries, |entry| least_first(entry.p50_latency_ms.map(|ms| ms as f64)), are_exact);
            }
            Column::Requests => order_by(entries, |entry| most_first(Some(entry.requests as f64)), are_exact),
        }
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
    cell(html, "Success", "", &(percent(entry.success_rate) + thin(entry, "success_rate")), &of_success(entry));
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

/// `2`, or `2–3` if the intervals overlap.
pub(super) fn ranks(entry: &Entry) -> String {
    match (entry.rank, entry.rank_best, entry.rank_worst) {
        (_, Some(best), Some(worst)) if best < worst => format!("{best}–{worst}"),
        (Some(rank), ..) => rank.to_string(),
        _ => format::UNKNOWN.into(),
    }
}

/// The mark of a metric with too few requests.
pub(super) fn thin(entry: &Entry, stat: &str) -> &'static str {
    if entry.is_thin(stat) {
        "<a class=\"thin\" href=\"/leaderboard/method#few\" title=\"few requests are behind this figure\">few</a>"
    } else {
        ""
    }
}

/// `96.30–100 %`: both ends, since a Wilson interval is not centred on the rate.
fn of_success(entry: &Entry) -> String {
    let Some(ends) = entry.success_rate_interval else { return String::new() };
    let (low, high) = (percent(Some(ends.low)), percent(Some(ends.high)));
    format!("{}–{high}", low.trim_end_matches("\u{a0}%"))
}

fn of_first_token(entry: &Entry) -> String {
    let mark = thin(entry, "p50_ttft_ms");
    entry.p50_ttft_ms.map(|ms| format!("first token {}{mark}", time(Some(ms)))).unwrap_or_default()
}

pub(super) fn time(ms: Option<u64>) -> String {
    format::duration(ms).replace(' ', "\u{a0}")
}

/// The scale shared by the whiskers of all rows: logarithmic, from the lowest to the highest end.
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

    /// A point with its interval as a line, on the shared scale.
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

#[cfg(test)]
mod tests {
    use domain::leaderboard::{ModelInfo, Tally};

    use super::*;

    fn entry(name: &str, requests: u64, successes: u64, ms: u64) -> Entry {
        let mut tally = Tally { requests, successes, ..Tally::default() };
        for _ in 0..successes {
            tally.latency.record(ms);
            tally.ttft.record(ms / 2);
        }
        let info = ModelInfo { public_name: name.into(), slug: name.into(), ..ModelInfo::default() };
        Entry::new(info, &tally)
    }

    #[test]
    fn every_column_breaks_ties_by_requests_and_then_by_name() {
        for column in Column::ALL {
            let mut entries = [entry("c", 200, 200, 50), entry("b", 200, 200, 50), entry("a", 100, 100, 50)];
            entries.iter_mut().for_each(|entry| entry.tokens_per_second = Some(10.0));
            column.order(&mut entries);
            let names: Vec<_> = entries.iter().map(|entry| entry.model_public_name.as_str()).collect();
            assert_eq!(names, ["b", "c", "a"], "{column:?}");
        }
    }

    #[test]
    fn by_success_neighbours_are_told_apart_by_the_intervals_of_their_rates() {
        let mut entries = [entry("low", 1_000, 900, 50), entry("near", 1_000, 990, 50), entry("best", 1_000, 995, 50)];
        let marks = |entries: &[Entry]| -> Vec<(String, bool)> {
            entries.iter().map(|entry| (entry.model_public_name.clone(), entry.is_tied_with_next)).collect()
        };
        Column::Success.order(&mut entries);
        assert_eq!(marks(&entries), [("best".into(), true), ("near".into(), false), ("low".into(), false)]);
        for column in [Column::Requests, Column::P50] {
            column.order(&mut entries);
            assert!(entries.iter().all(|entry| !entry.is_tied_with_next), "{column:?}");
        }
    }

    #[test]
    fn a_success_rate_stands_above_both_ends_of_its_interval() {
        let shown = rows(&[entry("a", 100, 100, 50)]);
        assert!(shown.contains("<small>96.30–100\u{a0}%</small>") && !shown.contains('±'), "{shown}");
        assert!(rows(&[entry("a", 1_000, 994, 50)]).contains("<small>98.70–99.72\u{a0}%</small>"));
    }

    #[test]
    fn a_time_to_first_token_of_few_requests_is_marked() {
        let is_marked = |requests: u64| {
            let shown = rows(&[entry("a", requests, requests, 50)]);
            shown.contains("first token 25\u{a0}ms<a class=\"thin\"")
        };
        assert_eq!((is_marked(99), is_marked(100)), (true, false));
    }
}
