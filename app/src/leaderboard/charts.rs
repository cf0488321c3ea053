//! The charts of a model's last 168 hours as SVG, rendered on the server. Each hour has a tooltip with its metrics.

use std::fmt::Write;

use domain::{format, leaderboard::HourPoint};

use super::{
    markup::{at, percent, put},
    table::time,
};

const LEFT: f64 = 56.0;
const RIGHT: f64 = 712.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 168.0;

/// One chart.
pub(super) struct Chart {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) svg: String,
    /// Whether some hours have too few requests for their metrics.
    pub(super) is_any_thin: bool,
}

/// All charts of a model. An hour without a value is a gap.
pub(super) fn charts(hours: &[HourPoint]) -> Vec<Chart> {
    let ms = |value: Option<u64>| value.map(|ms| ms as f64);
    let latency = Plot::new(hours, 0.0, tallest(hours), milliseconds)
        .band(|hour| {
            let ends = hour.p95_latency_interval_ms?;
            Some((ends.low as f64, ms(ends.high).unwrap_or(f64::INFINITY)))
        })
        .line("p95", |hour| ms(hour.p95_latency_ms))
        .line("p50", |hour| ms(hour.p50_latency_ms))
        .thin(&["p50_latency_ms", "p95_latency_ms"])
        .finish(
            "latency",
            "Latency, p50 and p95",
            "Latency by the hour: p95 with its 95 % interval, and p50. Where too few requests bound the interval above, \
             it reaches the upper edge",
            |hour| {
                let (p50, p95) = (time(hour.p50_latency_ms), time(hour.p95_latency_ms));
                format!("p50 {p50}{}, p95 {p95}{}", few(hour, "p50_latency_ms"), few(hour, "p95_latency_ms"))
            },
        );
    let worst = hours.iter().filter_map(|hour| hour.success_rate).fold(1.0, f64::min);
    let floor = [0.99, 0.95, 0.9, 0.5].into_iter().find(|floor| worst >= *floor).unwrap_or(0.0);
    let success = Plot::new(hours, floor, 1.0, whole_percent)
        .line("success", |hour| hour.success_rate)
        .thin(&["success_rate"])
        .finish("success", "Success", "Share of requests that succeeded, by the hour", |hour| {
            percent(hour.success_rate) + few(hour, "success_rate")
        });
    let requests = Plot::new(hours, 0.0, most(hours, |hour| Some(hour.requests as f64)), number)
        .bars(|hour| hour.requests as f64)
        .finish("requests", "Requests", "Requests by the hour", |hour| {
            format!("{} requests", format::count(Some(hour.requests)))
        });
    let speed = Plot::new(hours, 0.0, most(hours, |hour| hour.tokens_per_second), number)
        .line("speed", |hour| hour.tokens_per_second)
        .thin(&["tokens_per_second"])
        .finish("speed", "Tokens per second", "Output tokens per second while generating, by the hour", |hour| {
            format::speed(hour.tokens_per_second) + few(hour, "tokens_per_second")
        });
    vec![latency, success, requests, speed]
}

/// The note on a metric with too few requests.
fn few(hour: &HourPoint, stat: &str) -> &'static str {
    if hour.is_thin(stat) { " (few requests)" } else { "" }
}

/// `97.5 %`, `95 %`.
fn whole_percent(share: f64) -> String {
    let text = at((share * 1_000.0).round() / 10.0);
    format!("{text}\u{a0}%")
}

/// A label of an axis with as many digits as it needs: `2 000`, `2.5`, `0.75`.
fn number(value: f64) -> String {
    if (value - value.round()).abs() < 0.005 {
        return format::count(Some(value.round() as u64));
    }
    format::decimal((value * 100.0).round() as u64, 2).trim_end_matches('0').to_owned()
}

/// A label of a time axis: `1.5 ms`, `2.50 s`.
fn milliseconds(value: f64) -> String {
    if value < 1_000.0 { number(value) + "\u{a0}ms" } else { time(Some(value as u64)) }
}

/// The upper end of the latency axis, with space for the intervals. Very wide intervals are clipped; otherwise all other
/// hours would lie flat at the bottom.
fn tallest(hours: &[HourPoint]) -> f64 {
    let greatest = hours.iter().filter_map(|hour| hour.p95_latency_ms).max().unwrap_or_default() as f64;
    most(hours, |hour| {
        let high = hour.p95_latency_interval_ms.and_then(|ends| ends.high);
        Some((high.max(hour.p95_latency_ms)? as f64).min(2.0 * greatest))
    })
}

/// A round number that is not less than any value.
fn most(hours: &[HourPoint], value: impl Fn(&HourPoint) -> Option<f64>) -> f64 {
    let most = hours.iter().filter_map(value).fold(0.0, f64::max);
    let unit = 10_f64.powf(most.max(1.0).log10().floor());
    [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|digit| digit * unit)
        .find(|round| *round >= most)
        .unwrap_or(most)
}

struct Plot<'a> {
    hours: &'a [HourPoint],
    low: f64,
    high: f64,
    svg: String,
    is_any_thin: bool,
}

impl<'a> Plot<'a> {
    fn new(hours: &'a [HourPoint], low: f64, high: f64, label: impl Fn(f64) -> String) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let mut plot = Self { hours, low, high, svg: String::with_capacity(16_000), is_any_thin: false };
        for step in 0..=2 {
            let value = low + (plot.high - low) * f64::from(step) / 2.0;
            let y = at(plot.y(value));
            put!(
                plot.svg,
                "<path class=\"gridline\" d=\"M{LEFT} {y}H{RIGHT}\"/><text x=\"50\" y=\"{y}\" dy=\"4\" text-anchor=\"end\">{}</text>",
                label(value)
            );
        }
        for (i, hour) in hours.iter().enumerate().filter(|(_, hour)| hour.hour.timestamp().rem_euclid(86_400) == 0) {
            let x = at(plot.x(i));
            put!(
                plot.svg,
                "<path class=\"gridline\" d=\"M{x} {TOP}V{BOTTOM}\"/><text x=\"{x}\" y=\"184\">{}</text>",
                hour.hour.format("%-d %b")
            );
        }
        plot
    }

    /// The left edge of an hour.
    fn x(&self, index: usize) -> f64 {
        LEFT + index as f64 * (RIGHT - LEFT) / self.hours.len().max(1) as f64
    }

    fn middle(&self, index: usize) -> f64 {
        (self.x(index) + self.x(index + 1)) / 2.0
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0) * (BOTTOM - TOP)
    }

    /// The runs of consecutive hours that have a value.
    fn stretches<T: Copy>(&self, value: impl Fn(&HourPoint) -> Option<T>) -> Vec<Vec<(usize, T)>> {
        let mut stretches = vec![Vec::new()];
        for (i, hour) in self.hours.iter().enumerate() {
            match (value(hour), stretches.last_mut()) {
                (Some(value), Some(last)) => last.push((i, value)),
                (None, Some(last)) if !last.is_empty() => stretches.push(Vec::new()),
                _ => {}
            }
        }
        stretches.retain(|stretch| !stretch.is_empty());
        stretches
    }

    fn line(mut self, class: &str, value: impl Fn(&HourPoint) -> Option<f64>) -> Self {
        for stretch in self.stretches(value) {
            if let [(i, value)] = stretch[..] {
                put!(
                    self.svg,
                    "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"1.5\"/>",
                    at(self.middle(i)),
                    at(self.y(value))
                );
                continue;
            }
            let path: Vec<String> =
                stretch.iter().map(|(i, value)| format!("{} {}", at(self.middle(*i)), at(self.y(*value)))).collect();
            put!(self.svg, "<path class=\"{class}\" d=\"M{}\"/>", path.join("L"));
        }
        self
    }

    /// The band between the two ends of each hour's interval, clipped at the edge of the chart.
    fn band(mut self, ends: impl Fn(&HourPoint) -> Option<(f64, f64)>) -> Self {
        for stretch in self.stretches(ends) {
            // An interval without an upper bound says little and gets a fainter class.
            for hours in stretch.chunk_by(|(_, (_, one)), (_, (_, next))| one.is_finite() == next.is_finite()) {
                let places: Vec<(f64, f64, f64)> = match hours {
                    // A single hour has no neighbour to draw to and gets the width of an hour.
                    [(i, (low, high))] => vec![(self.x(*i), *low, *high), (self.x(i + 1), *low, *high)],
                    _ => hours.iter().map(|(i, (low, high))| (self.middle(*i), *low, *high)).collect(),
                };
                let is_open = places.iter().any(|(.., high)| high.is_infinite());
                let upper = places.iter().map(|(x, _, high)| format!("{} {}", at(*x), at(self.y(*high))));
                let lower = places.iter().rev().map(|(x, low, _)| format!("{} {}", at(*x), at(self.y(*low))));
                let path: Vec<String> = upper.chain(lower).collect();
                let class = if is_open { "band open" } else { "band" };
                put!(self.svg, "<path class=\"{class}\" d=\"M{}Z\"/>", path.join("L"));
            }
        }
        self
    }

    fn bars(mut self, value: impl Fn(&HourPoint) -> f64) -> Self {
        let width = at((self.x(1) - self.x(0)) * 0.75);
        let bars: Vec<(usize, f64)> =
            self.hours.iter().map(value).enumerate().filter(|(_, value)| *value > 0.0).collect();
        for (i, value) in bars {
            let y = self.y(value);
            put!(self.svg, "<path class=\"bar\" d=\"M{} {BOTTOM}V{}h{width}V{BOTTOM}z\"/>", at(self.x(i)), at(y));
        }
        self
    }

    /// Marks the hours in which one of these metrics has too few requests, with a line at the top.
    fn thin(mut self, stats: &[&str]) -> Self {
        let is_thin = |hour: &HourPoint| stats.iter().any(|stat| hour.is_thin(stat)).then_some(());
        for stretch in self.stretches(is_thin) {
            if let [(first, ()), ..] = stretch[..] {
                let (from, to) = (at(self.x(first)), at(self.x(first + stretch.len())));
                put!(self.svg, "<path class=\"few\" d=\"M{from} 4H{to}\"/>");
                self.is_any_thin = true;
            }
        }
        self
    }

    /// Adds an invisible column with a tooltip over every hour.
    fn finish(
        mut self,
        id: &'static str,
        title: &'static str,
        description: &str,
        words: impl Fn(&HourPoint) -> String,
    ) -> Chart {
        let width = at(self.x(1) - self.x(0));
        for (i, hour) in self.hours.iter().enumerate().filter(|(_, hour)| hour.requests > 0) {
            put!(
                self.svg,
                "<rect class=\"hour\" x=\"{}\" y=\"{TOP}\" width=\"{width}\" height=\"{}\"><title>{} UTC: {}</title></rect>",
                at(self.x(i)),
                BOTTOM - TOP,
                hour.hour.format("%-d %b %H:%M"),
                words(hour),
            );
        }
        let svg = format!(
            "<svg class=\"chart\" viewBox=\"0 0 720 190\" role=\"img\" aria-labelledby=\"{id}-title\"><title id=\"{id}-title\">{description}</title>{}</svg>",
            self.svg
        );
        Chart { id, title, svg, is_any_thin: self.is_any_thin }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use domain::interval::LatencyInterval;

    use super::*;

    fn hours(values: &[Option<u64>]) -> Vec<HourPoint> {
        let first = DateTime::from_timestamp(1_763_683_200, 0).expect("a time");
        let hour = |(i, ms): (i64, &Option<u64>)| HourPoint {
            hour: first + TimeDelta::hours(i),
            requests: u64::from(ms.is_some()),
            success_rate: ms.map(|_| 1.0),
            p50_latency_ms: *ms,
            p95_latency_ms: *ms,
            p95_latency_interval_ms: None,
            p50_ttft_ms: None,
            tokens_per_second: None,
            tokens_in: None,
            tokens_out: None,
            thin_figures: Vec::new(),
        };
        (0..).zip(values).map(hour).collect()
    }

    /// The path data of the first path with this class.
    fn path<'a>(svg: &'a str, class: &str) -> &'a str {
        let start = format!("<path class=\"{class}\" d=\"");
        svg.split(start.as_str()).nth(1).and_then(|rest| rest.split('"').next()).expect("a path")
    }

    #[test]
    fn a_gap_is_a_gap_and_a_lone_hour_is_a_point() {
        let shown = charts(&hours(&[Some(5), Some(7), None, Some(9), None]));
        assert_eq!(shown[0].svg.matches("<path class=\"p50\"").count(), 1);
        assert_eq!(shown[0].svg.matches("<circle class=\"p50\"").count(), 1);
        assert_eq!(shown[0].svg.matches("class=\"hour\"").count(), 3);
        assert_eq!(shown[2].svg.matches("class=\"bar\"").count(), 3);
    }

    #[test]
    fn an_interval_that_nothing_bounds_above_reaches_the_upper_edge() {
        let mut hours = hours(&[Some(50), Some(60), None, Some(90)]);
        for hour in &mut hours {
            hour.p95_latency_interval_ms = hour.p95_latency_ms.map(|low| LatencyInterval { low, high: None });
        }
        let latency = &charts(&hours)[0].svg;
        assert_eq!(latency.matches("class=\"band open\"").count(), 2, "{latency}");
        // From 56 to 712, a quarter each; 50 and 60 of 100 ms are half of the height and a little more.
        assert_eq!(path(latency, "band open"), "M138 10L302 10L302 73.2L138 89Z");
        assert!(latency.contains("d=\"M548 10L712 10L712 25.8L548 25.8Z\""), "a lone hour has its width: {latency}");
        hours[1].p95_latency_interval_ms = Some(LatencyInterval { low: 50, high: Some(75) });
        let latency = &charts(&hours)[0].svg;
        assert_eq!(path(latency, "band open"), "M56 10L220 10L220 89L56 89Z");
        assert_eq!(path(latency, "band"), "M220 49.5L384 49.5L384 89L220 89Z");
    }

    #[test]
    fn the_axis_has_room_for_intervals_but_not_for_one_that_is_out_of_all_proportion() {
        let mut hours = hours(&[Some(100), Some(90)]);
        let mut top = |high: u64| {
            hours[1].p95_latency_interval_ms = Some(LatencyInterval { low: 80, high: Some(high) });
            let latency = &charts(&hours)[0].svg;
            let label = latency.split("</text>").nth(2).and_then(|text| text.rsplit('>').next());
            label.expect("a label").to_owned()
        };
        assert_eq!(top(95), "100\u{a0}ms");
        assert_eq!(top(140), "150\u{a0}ms");
        assert_eq!(top(90_000), "200\u{a0}ms", "twice the greatest p95");
    }

    #[test]
    fn figures_of_hours_with_few_requests_are_marked() {
        let mut hours = hours(&[Some(5), Some(7), Some(9), None]);
        assert!(charts(&hours).iter().all(|chart| !chart.is_any_thin && !chart.svg.contains("class=\"few\"")));
        for hour in &mut hours[1..3] {
            hour.thin_figures = vec!["success_rate".into(), "p95_latency_ms".into()];
        }
        let shown = charts(&hours);
        let [latency, success, requests, speed] = &shown[..] else { panic!("four charts") };
        assert_eq!((latency.is_any_thin, success.is_any_thin), (true, true));
        assert_eq!((requests.is_any_thin, speed.is_any_thin), (false, false));
        assert_eq!(path(&latency.svg, "few"), "M220 4H548");
        assert!(latency.svg.contains("UTC: p50 7\u{a0}ms, p95 7\u{a0}ms (few requests)</title>"), "{}", latency.svg);
        assert!(success.svg.contains("UTC: 100\u{a0}% (few requests)</title>"), "{}", success.svg);
    }

    #[test]
    fn labels_of_an_axis_are_what_they_stand_for() {
        let shown = [0.0, 0.5, 0.75, 1.5, 2.5, 7.5, 15.0, 2_500.0].map(number);
        assert_eq!(shown, ["0", "0.5", "0.75", "1.5", "2.5", "7.5", "15", "2\u{202f}500"]);
        let shown = [0.0, 1.5, 750.0, 2_500.0].map(milliseconds);
        assert_eq!(shown, ["0\u{a0}ms", "1.5\u{a0}ms", "750\u{a0}ms", "2.50\u{a0}s"]);
        // Five requests at most: 0, 2.5 and 5.
        let mut hours = hours(&[Some(5)]);
        hours[0].requests = 5;
        assert!(charts(&hours)[2].svg.contains(">2.5</text>"));
    }

    #[test]
    fn charts_of_nothing_are_empty_and_finite() {
        for values in [vec![], vec![None; 168], vec![Some(0); 168], vec![Some(u64::MAX); 3]] {
            for chart in charts(&hours(&values)) {
                assert!(!chart.svg.contains("NaN") && !chart.svg.contains("inf"), "{}", chart.svg);
            }
        }
    }
}
