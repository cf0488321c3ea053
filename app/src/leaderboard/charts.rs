//! The charts of a model's 168 hours, drawn by the server. Every hour tells its figures when it is pointed at.

use std::fmt::Write;

use super::{
    HourPoint,
    markup::{at, percent, put},
    table::time,
};
use crate::domain::format;

const LEFT: f64 = 56.0;
const RIGHT: f64 = 712.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 168.0;

/// What one chart shows.
pub(super) struct Chart {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) svg: String,
}

/// All of them. An hour without a figure is a gap.
pub(super) fn charts(hours: &[HourPoint]) -> Vec<Chart> {
    let ms = |value: Option<u64>| value.map(|ms| ms as f64);
    let latency = Plot::new(hours, 0.0, most(hours, |hour| ms(hour.p95_latency_ms)), |value| time(Some(value as u64)))
        .band(|hour| {
            let ends = hour.p95_latency_interval_ms?;
            Some((ends.low as f64, ends.high? as f64))
        })
        .line("p95", |hour| ms(hour.p95_latency_ms))
        .line("p50", |hour| ms(hour.p50_latency_ms))
        .finish("latency", "Latency by the hour: p95 with its 95 % interval, and p50", |hour| {
            format!("p50 {}, p95 {}", time(hour.p50_latency_ms), time(hour.p95_latency_ms))
        });
    let worst = hours.iter().filter_map(|hour| hour.success_rate).fold(1.0, f64::min);
    let floor = [0.99, 0.95, 0.9, 0.5].into_iter().find(|floor| worst >= *floor).unwrap_or(0.0);
    let success = Plot::new(hours, floor, 1.0, whole_percent).line("success", |hour| hour.success_rate).finish(
        "success",
        "Share of requests that succeeded, by the hour",
        |hour| percent(hour.success_rate),
    );
    let requests = Plot::new(hours, 0.0, most(hours, |hour| Some(hour.requests as f64)), |value| {
        format::count(Some(value as u64))
    })
    .bars(|hour| hour.requests as f64)
    .finish("requests", "Requests by the hour", |hour| format!("{} requests", format::count(Some(hour.requests))));
    let speed =
        Plot::new(hours, 0.0, most(hours, |hour| hour.tokens_per_second), |value| format::count(Some(value as u64)))
            .line("speed", |hour| hour.tokens_per_second)
            .finish("speed", "Output tokens per second while generating, by the hour", |hour| {
                format::speed(hour.tokens_per_second)
            });
    vec![
        Chart { id: "latency", title: "Latency, p50 and p95", svg: latency },
        Chart { id: "success", title: "Success", svg: success },
        Chart { id: "requests", title: "Requests", svg: requests },
        Chart { id: "speed", title: "Tokens per second", svg: speed },
    ]
}

/// `97.5 %`, `95 %`.
fn whole_percent(share: f64) -> String {
    let text = at((share * 1_000.0).round() / 10.0);
    format!("{text}\u{a0}%")
}

/// A round number that nothing exceeds.
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
}

impl<'a> Plot<'a> {
    fn new(hours: &'a [HourPoint], low: f64, high: f64, label: impl Fn(f64) -> String) -> Self {
        let mut plot =
            Self { hours, low, high: if high > low { high } else { low + 1.0 }, svg: String::with_capacity(16_000) };
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

    /// The stretches of hours without a gap.
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

    fn band(mut self, ends: impl Fn(&HourPoint) -> Option<(f64, f64)>) -> Self {
        for stretch in self.stretches(ends) {
            let upper = stretch.iter().map(|(i, (_, high))| format!("{} {}", at(self.middle(*i)), at(self.y(*high))));
            let lower =
                stretch.iter().rev().map(|(i, (low, _))| format!("{} {}", at(self.middle(*i)), at(self.y(*low))));
            let path: Vec<String> = upper.chain(lower).collect();
            put!(self.svg, "<path class=\"band\" d=\"M{}Z\"/>", path.join("L"));
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

    /// Lays an invisible column over every hour that tells its figures.
    fn finish(mut self, id: &str, description: &str, words: impl Fn(&HourPoint) -> String) -> String {
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
        format!(
            "<svg class=\"chart\" viewBox=\"0 0 720 190\" role=\"img\" aria-labelledby=\"{id}-title\"><title id=\"{id}-title\">{description}</title>{}</svg>",
            self.svg
        )
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

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
        };
        (0..).zip(values).map(hour).collect()
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
    fn charts_of_nothing_are_empty_and_finite() {
        for values in [vec![], vec![None; 168], vec![Some(0); 168], vec![Some(u64::MAX); 3]] {
            for chart in charts(&hours(&values)) {
                assert!(!chart.svg.contains("NaN") && !chart.svg.contains("inf"), "{}", chart.svg);
            }
        }
    }
}
