//! The scatter plot of p95 latency against output price, rendered on the server.

use std::fmt::Write;

use domain::{Usd, leaderboard::Entry};

use super::{
    markup::{at, escape, percent, put},
    table::time,
};

const LEFT: f64 = 62.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 300.0;
const LETTER: f64 = 6.6;

/// A model in the plot.
struct Point<'a> {
    entry: &'a Entry,
    x: f64,
    y: f64,
}

/// A scale with a few round ticks.
struct Axis {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Axis {
    /// Spans the values with a margin, in the given measure, which must be increasing.
    fn new(values: impl Iterator<Item = f64> + Clone, measure: fn(f64) -> f64, ticks: &[f64]) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        let below = ticks.iter().copied().filter(|tick| *tick < low).fold(f64::NEG_INFINITY, f64::max);
        let above = ticks.iter().copied().filter(|tick| *tick > high).fold(f64::INFINITY, f64::min);
        let low = if below.is_finite() { below } else { low };
        let high = if above.is_finite() { above } else { high };
        let ticks = ticks.iter().copied().filter(|tick| (low..=high).contains(tick)).collect();
        Self { low: measure(low), high: measure(high), ticks }
    }

    fn share(&self, measured: f64) -> f64 {
        if self.high > self.low { (measured - self.low) / (self.high - self.low) } else { 0.5 }
    }
}

/// Prices from zero: linear up to ten cents, logarithmic beyond.
fn by_price(price: f64) -> f64 {
    (price / 0.1).asinh()
}

fn by_time(ms: f64) -> f64 {
    ms.max(1.0).ln()
}

/// `$0.50`, `$2`.
fn dollars(amount: f64) -> String {
    if amount > 0.0 && amount < 1.0 { format!("${amount:.2}") } else { format!("${amount:.0}") }
}

/// The plot of all models whose p95 and price are known; renders nothing if there are none.
pub(super) fn scatter(entries: &[Entry]) -> Option<String> {
    let price = |entry: &Entry| {
        entry.output_price_per_million_usd.as_ref().map(Usd::approximate).filter(|price| price.is_finite())
    };
    let known: Vec<(&Entry, f64, f64)> =
        entries.iter().filter_map(|entry| Some((entry, entry.p95_latency_ms? as f64, price(entry)?))).collect();
    if known.is_empty() {
        return None;
    }
    let decades = |from: i32, to: i32| -> Vec<f64> {
        (from..to).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power))).collect()
    };
    let times = Axis::new(known.iter().map(|(_, ms, _)| *ms), by_time, &decades(0, 9));
    let prices = Axis::new(known.iter().map(|(.., price)| *price), by_price, &[vec![0.0], decades(-1, 5)].concat());
    let x = |ms: f64| LEFT + times.share(by_time(ms)) * (RIGHT - LEFT);
    let y = |price: f64| BOTTOM - prices.share(by_price(price)) * (BOTTOM - TOP);

    let mut svg = String::with_capacity(4_000 + known.len() * 300);
    svg.push_str(
        "<svg class=\"chart\" viewBox=\"0 0 720 344\" role=\"group\" aria-labelledby=\"scatter-title\">\
         <title id=\"scatter-title\">p95 latency against output price of every ranked model; the same figures are in the table</title>",
    );
    for tick in &times.ticks {
        let place = at(x(*tick));
        put!(
            svg,
            "<path class=\"gridline\" d=\"M{place} {TOP}V{BOTTOM}\"/><text x=\"{place}\" y=\"318\" text-anchor=\"middle\">{}</text>",
            time(Some(*tick as u64))
        );
    }
    for tick in &prices.ticks {
        let place = at(y(*tick));
        put!(
            svg,
            "<path class=\"gridline\" d=\"M{LEFT} {place}H{RIGHT}\"/><text x=\"54\" y=\"{place}\" dy=\"4\" text-anchor=\"end\">{}</text>",
            dollars(*tick)
        );
    }
    put!(
        svg,
        "<text x=\"{}\" y=\"338\" text-anchor=\"end\">p95 latency →</text><text x=\"{LEFT}\" y=\"11\">↑ output price for a million tokens</text>",
        RIGHT
    );
    let points: Vec<Point<'_>> =
        known.iter().map(|(entry, ms, price)| Point { entry, x: x(*ms), y: y(*price) }).collect();
    for point in &points {
        mark(&mut svg, point);
    }
    labels(&mut svg, &points);
    svg.push_str("</svg>");
    Some(svg)
}

/// Success is shown by the shape of the mark, so that colour is not needed.
fn mark(svg: &mut String, point: &Point<'_>) {
    let Point { entry, x, y } = point;
    let rate = entry.success_rate.unwrap_or_default();
    let few = if entry.is_thin("success_rate") || entry.is_thin("p95_latency_ms") { " (few requests)" } else { "" };
    let words = escape(&format!(
        "{}: {} success, p95 {}{few}",
        entry.model_public_name,
        percent(entry.success_rate),
        time(entry.p95_latency_ms)
    ));
    put!(svg, "<a href=\"/leaderboard/{}\"><title>{words}</title>", escape(&entry.slug));
    let (x, y) = (at(*x), at(*y));
    if rate >= 0.995 {
        put!(svg, "<circle class=\"mark high\" cx=\"{x}\" cy=\"{y}\" r=\"6\"/>");
    } else if rate >= 0.98 {
        put!(svg, "<path class=\"mark middle\" d=\"M{x} {y}m0-7l7 7-7 7-7-7z\"/>");
    } else {
        put!(svg, "<path class=\"mark low\" d=\"M{x} {y}m0-7l7 12h-14z\"/>");
    }
    svg.push_str("</a>");
}

/// Places every label where it overlaps neither a mark nor another label. A label without a place is omitted: the table has
/// all names.
fn labels(svg: &mut String, points: &[Point<'_>]) {
    let mut taken: Vec<[f64; 4]> =
        points.iter().map(|point| [point.x - 8.0, point.y - 8.0, point.x + 8.0, point.y + 8.0]).collect();
    for point in points {
        let name = point.entry.model_public_name.rsplit('/').next().unwrap_or_default();
        let name: String = name.chars().take(28).collect();
        let width = name.chars().count() as f64 * LETTER;
        let places = [
            (point.x + 11.0, point.y + 4.0),
            (point.x - 11.0 - width, point.y + 4.0),
            (point.x - width / 2.0, point.y - 12.0),
            (point.x - width / 2.0, point.y + 22.0),
        ];
        let free = places.into_iter().find(|(x, y)| {
            let own = [*x, y - 11.0, x + width, y + 3.0];
            let is_inside = own[0] > LEFT && own[2] < RIGHT + 16.0 && own[1] > TOP && own[3] < BOTTOM + 2.0;
            is_inside
                && taken
                    .iter()
                    .all(|other| own[2] < other[0] || own[0] > other[2] || own[3] < other[1] || own[1] > other[3])
        });
        if let Some((x, y)) = free {
            taken.push([x, y - 11.0, x + width, y + 3.0]);
            put!(svg, "<text class=\"name\" x=\"{}\" y=\"{}\">{}</text>", at(x), at(y), escape(&name));
        }
    }
}
