//! Aggregates rows into statistics: in total, by model, by step, and by step and model.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Usd,
    analytics::{Analytics, CellStats, Ending, Filter, ModelStats, StepStats, UsageStats},
    histogram::Histogram,
};
use rust_decimal::Decimal;

use super::repo::{EventsRow, FirstTokenRow};

/// Models and endings that are listed.
const LIST_LIMIT: usize = 100;

/// Sums from which the statistics are computed.
#[derive(Clone, Debug, Default)]
struct Sums {
    successes: u64,
    errors: u64,
    refused: u64,
    abandoned: u64,
    estimated: u64,
    tokens_in: Option<u64>,
    tokens_out: Option<u64>,
    cost: Option<Decimal>,
    latencies: Histogram,
    first_tokens: Histogram,
}

impl Sums {
    fn add(&mut self, row: &EventsRow) {
        let events = row.events.unsigned_abs();
        match row.outcome.as_str() {
            "success" => self.successes += events,
            "error" => self.errors += events,
            "refused" => self.refused += events,
            _ => self.abandoned += events,
        }
        self.estimated += row.estimated.unsigned_abs();
        add(&mut self.tokens_in, row.tokens_in.map(i64::unsigned_abs), u64::saturating_add);
        add(&mut self.tokens_out, row.tokens_out.map(i64::unsigned_abs), u64::saturating_add);
        add(&mut self.cost, row.cost_usd, Decimal::saturating_add);
        if let Some(bucket) = row.latency_bucket {
            self.latencies.add_bucket(bucket, events);
        }
    }

    fn stats(&self) -> UsageStats {
        let requests = self.successes + self.errors;
        UsageStats {
            requests,
            successes: self.successes,
            errors: self.errors,
            success_rate: (requests > 0).then(|| self.successes as f64 / requests as f64),
            refused: self.refused,
            abandoned: self.abandoned,
            p50_latency_ms: self.latencies.quantile(0.5),
            p95_latency_ms: self.latencies.quantile(0.95),
            p50_ttft_ms: self.first_tokens.quantile(0.5),
            p95_ttft_ms: self.first_tokens.quantile(0.95),
            tokens_in: self.tokens_in,
            tokens_out: self.tokens_out,
            cost_usd: self.cost.map(|cost| Usd(cost.normalize().to_string())),
            estimated: self.estimated,
        }
    }
}

/// Adds a value to a sum. Unknown values are ignored; the sum is unknown only while all of them are.
fn add<T: Copy>(sum: &mut Option<T>, value: Option<T>, plus: impl Fn(T, T) -> T) {
    *sum = match (*sum, value) {
        (Some(sum), Some(value)) => Some(plus(sum, value)),
        (sum, value) => sum.or(value),
    };
}

/// The statistics of these events.
pub(super) fn analytics(
    filter: Filter,
    now: DateTime<Utc>,
    events: &[EventsRow],
    first_tokens: &[FirstTokenRow],
) -> Analytics {
    let mut total = Sums::default();
    let mut models: HashMap<&str, Sums> = HashMap::new();
    let mut steps: HashMap<DateTime<Utc>, Sums> = HashMap::new();
    for row in events {
        total.add(row);
        models.entry(&row.model).or_default().add(row);
        steps.entry(row.step).or_default().add(row);
    }
    for row in first_tokens {
        let count = row.events.unsigned_abs();
        total.first_tokens.add_bucket(row.bucket, count);
        models.entry(&row.model).or_default().first_tokens.add_bucket(row.bucket, count);
        steps.entry(row.step).or_default().first_tokens.add_bucket(row.bucket, count);
    }
    let mut models: Vec<ModelStats> =
        models.into_iter().map(|(model, sums)| ModelStats { model: model.to_owned(), stats: sums.stats() }).collect();
    models.sort_by(|a, b| b.stats.requests.cmp(&a.stats.requests).then_with(|| a.model.cmp(&b.model)));
    models.truncate(LIST_LIMIT);
    let (window, from) = (filter.window, filter.window.begin(now));
    let empty = Sums::default();
    let steps = (0..window.steps()).map(|step| {
        let at = from + window.step() * step;
        StepStats { at, stats: steps.get(&at).unwrap_or(&empty).stats() }
    });
    Analytics {
        window,
        model: filter.model,
        from,
        to: now,
        step_seconds: window.step().num_seconds(),
        totals: total.stats(),
        models,
        steps: steps.collect(),
        endings: endings(events),
    }
}

/// The statistics by step and model, without empty cells.
pub(super) fn cells(events: &[EventsRow], first_tokens: &[FirstTokenRow]) -> Vec<CellStats> {
    let mut cells: BTreeMap<(DateTime<Utc>, &str), Sums> = BTreeMap::new();
    for row in events {
        cells.entry((row.step, &row.model)).or_default().add(row);
    }
    for row in first_tokens {
        cells.entry((row.step, &row.model)).or_default().first_tokens.add_bucket(row.bucket, row.events.unsigned_abs());
    }
    cells
        .into_iter()
        .map(|((at, model), sums)| CellStats { at, model: model.to_owned(), stats: sums.stats() })
        .collect()
}

fn endings(events: &[EventsRow]) -> Vec<Ending> {
    let mut counts: BTreeMap<(&str, Option<&str>, Option<i32>), u64> = BTreeMap::new();
    for row in events.iter().filter(|row| row.outcome != "success") {
        let ending = (row.outcome.as_str(), row.error_class.as_deref(), row.status_code);
        *counts.entry(ending).or_default() += row.events.unsigned_abs();
    }
    let mut endings: Vec<Ending> = counts
        .into_iter()
        .map(|((outcome, error_class, status), count)| Ending {
            outcome: outcome.to_owned(),
            error_class: error_class.map(str::to_owned),
            status_code: status.and_then(|status| u16::try_from(status).ok()),
            count,
        })
        .collect();
    endings.sort_by_key(|ending| std::cmp::Reverse(ending.count));
    endings.truncate(LIST_LIMIT);
    endings
}

/// How far the window extends beyond now, because the clocks of other machines may be a little ahead.
pub(super) const CLOCK_SKEW_ALLOWANCE: TimeDelta = TimeDelta::minutes(1);
