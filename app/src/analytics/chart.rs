//! Charts over the steps of a window, rendered on the server. The plot stretches with the page; labels are HTML around it,
//! so that they keep their size. For screen readers there is a table with the same steps.

use chrono::{DateTime, Utc};
use domain::{
    analytics::{StepStats, Window},
    format,
};
use leptos::prelude::*;

/// The height of the plot in its own units. A step is one unit wide.
const HEIGHT: f64 = 100.0;

/// Requests per step: successes, errors stacked on them, then refused and abandoned requests.
#[component]
pub(super) fn RequestsChart(window: Window, steps: Vec<StepStats>) -> impl IntoView {
    let parts = |step: &StepStats| {
        let stats = &step.stats;
        [stats.successes, stats.errors, stats.refused + stats.abandoned]
    };
    let top = ceiling(steps.iter().map(|step| parts(step).iter().sum::<u64>()).max().unwrap_or_default());
    let bars = bars(&steps.iter().map(parts).collect::<Vec<_>>(), top, ["bar-good", "bar-bad", "bar-none"]);
    let legend = vec![("bar-good", "Success"), ("bar-bad", "Error"), ("bar-none", "Not counted")];
    let labels = [format::count(Some(top)), format::count(Some(top / 2)), "0".into()];
    view! { <Plot title="Requests" window steps=steps.clone() legend labels>{bars}</Plot> }
}

/// Tokens per step: input, and output stacked on it.
#[component]
pub(super) fn TokensChart(window: Window, steps: Vec<StepStats>) -> impl IntoView {
    let parts =
        |step: &StepStats| [step.stats.tokens_in.unwrap_or_default(), step.stats.tokens_out.unwrap_or_default()];
    let top = ceiling(steps.iter().map(|step| parts(step).iter().sum::<u64>()).max().unwrap_or_default());
    let bars = bars(&steps.iter().map(parts).collect::<Vec<_>>(), top, ["bar-in", "bar-out"]);
    let labels = [format::count(Some(top)), format::count(Some(top / 2)), "0".into()];
    let legend = vec![("bar-in", "In"), ("bar-out", "Out")];
    view! { <Plot title="Tokens" window steps=steps.clone() legend labels>{bars}</Plot> }
}

/// Median and 95th percentile of each step with a success.
#[component]
pub(super) fn LatencyChart(window: Window, steps: Vec<StepStats>) -> impl IntoView {
    let p50: Vec<_> = steps.iter().map(|step| step.stats.p50_latency_ms).collect();
    let p95: Vec<_> = steps.iter().map(|step| step.stats.p95_latency_ms).collect();
    let top = ceiling(p95.iter().flatten().copied().max().unwrap_or_default());
    let lines = view! {
        <path class="line-p95" d=line(&p95, top)/>
        <path class="line-p50" d=line(&p50, top)/>
    }
    .into_any();
    let labels = [format::duration(Some(top)), format::duration(Some(top / 2)), "0".into()];
    let legend = vec![("line-p50", "p50"), ("line-p95", "p95")];
    view! { <Plot title="Latency of successes" window steps=steps.clone() legend labels>{lines}</Plot> }
}

#[component]
fn Plot(
    title: &'static str,
    window: Window,
    steps: Vec<StepStats>,
    legend: Vec<(&'static str, &'static str)>,
    labels: [String; 3],
    children: Children,
) -> impl IntoView {
    let width = steps.len().max(1);
    let times: Vec<_> = [0, width / 2, width - 1]
        .into_iter()
        .filter_map(|step| steps.get(step))
        .map(|step| view! { <span>{short_time(window, step.at)}</span> })
        .collect();
    let legend: Vec<_> = legend.into_iter().map(|(class, word)| view! { <li><i class=class></i>{word}</li> }).collect();
    view! {
        <figure class="usage-plot">
            <figcaption><b>{title}</b><ul>{legend}</ul></figcaption>
            <div class="usage-plot-area">
                <div class="usage-plot-y" aria-hidden="true">{labels.map(|label| view! { <span>{label}</span> }).into_iter().collect::<Vec<_>>()}</div>
                <svg viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" role="img"
                    aria-label=format!("{title} over the last {}. The figures are in the table below.", window.title())>
                    <path class="grid-lines" d=format!("M0 0H{width}M0 50H{width}M0 100H{width}")/>
                    {children()}
                </svg>
                <div class="usage-plot-x" aria-hidden="true">{times}</div>
            </div>
        </figure>
    }
}

/// The start of a step, as short as the window allows.
pub(super) fn short_time(window: Window, at: DateTime<Utc>) -> String {
    let pattern = match window {
        Window::Hour | Window::Day => "%H:%M",
        Window::Week => "%-d %b, %H:%M",
        Window::Month => "%-d %b",
    };
    at.format(pattern).to_string()
}

/// The upper end of an axis: a round number of at least 2 whose half is whole.
fn ceiling(most: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        if let Some(top) = [2, 4, 6, 10].into_iter().map(|factor| unit.saturating_mul(factor)).find(|top| *top >= most)
        {
            return top;
        }
        unit = unit.saturating_mul(10);
    }
}

/// Stacked bars, one path per series.
fn bars<const N: usize>(steps: &[[u64; N]], top: u64, classes: [&'static str; N]) -> AnyView {
    let mut paths = vec![String::new(); N];
    for (step, parts) in steps.iter().enumerate() {
        let mut below = 0;
        for (path, part) in paths.iter_mut().zip(parts) {
            if *part > 0 {
                let (bottom, edge) = (height(below, top), height(below + part, top));
                path.push_str(&format!("M{}.1 {bottom}V{edge}h.8V{bottom}z", step));
            }
            below += part;
        }
    }
    classes.into_iter().zip(paths).map(|(class, d)| view! { <path class=class d=d/> }).collect::<Vec<_>>().into_any()
}

/// A stepped line with gaps where there is no value.
fn line(values: &[Option<u64>], top: u64) -> String {
    let mut path = String::new();
    let mut is_drawn = false;
    for (step, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let y = height(*value, top);
            match is_drawn {
                true => path.push_str(&format!("V{y}H{}", step + 1)),
                false => path.push_str(&format!("M{step} {y}H{}", step + 1)),
            }
        }
        is_drawn = value.is_some();
    }
    path
}

/// The distance of a value from the upper edge.
fn height(value: u64, top: u64) -> String {
    let tenths = HEIGHT * 10.0 * (1.0 - value as f64 / top.max(1) as f64);
    format::decimal(tenths.clamp(0.0, HEIGHT * 10.0).round() as u64, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_with_a_round_number_that_is_not_exceeded() {
        for (most, top) in [(0, 2), (2, 2), (3, 4), (5, 6), (7, 10), (11, 20), (41, 60), (999, 1_000), (1_001, 2_000)] {
            assert_eq!(ceiling(most), top, "{most}");
        }
        assert_eq!(ceiling(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_line_has_a_gap_where_nothing_is_known() {
        assert_eq!(line(&[None, Some(5), Some(10), None, Some(0)], 10), "M1 50.0H2V0.0H3M4 100.0H5");
        assert_eq!(line(&[None; 3], 10), "");
    }

    #[test]
    fn times_are_as_short_as_their_window_allows() {
        let at = "2026-11-21T10:00:00Z".parse().expect("a time");
        assert_eq!(short_time(Window::Day, at), "10:00");
        assert_eq!(short_time(Window::Week, at), "21 Nov, 10:00");
        assert_eq!(short_time(Window::Month, at), "21 Nov");
    }
}
