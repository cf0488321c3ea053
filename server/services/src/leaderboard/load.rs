//! Loads a window from the database: one query, whose rows are folded as they arrive.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Usd,
    leaderboard::{Entry, HourPoint, ModelInfo, Tally, Window, rank_models},
};
use foundation::error::Error;
use futures::TryStreamExt;
use rust_decimal::{Decimal, RoundingStrategy};
use sqlx::PgPool;

use super::{
    due,
    repo::{self, WindowRow},
    snapshot::{Model, Snapshot},
};

/// Hours that a model's page shows one by one.
const SHOWN_HOURS: i64 = 168;

/// Loads the window that ends with the last hour whose roll-up is due.
pub(super) async fn load(pool: PgPool, window: Window, now: DateTime<Utc>) -> Result<Snapshot, Error> {
    let until = due(now);
    let since = until - TimeDelta::days(window.days().into());
    let mut models: Vec<Folding> = Vec::new();
    let mut rolled_up_at = None;
    let rows = repo::window(&pool, since, until);
    futures::pin_mut!(rows);
    while let Some(row) = rows.try_next().await? {
        rolled_up_at = rolled_up_at.max(row.rolled_up_at);
        match models.last_mut() {
            Some(model) if model.info.public_name == row.public_name => model.add(&row, until)?,
            _ => {
                let mut model = Folding::new(&row);
                model.add(&row, until)?;
                models.push(model);
            }
        }
    }
    Ok(snapshot(models, window, (since, until), rolled_up_at, now))
}

fn snapshot(
    models: Vec<Folding>,
    window: Window,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    rolled_up_at: Option<DateTime<Utc>>,
    loaded_at: DateTime<Utc>,
) -> Snapshot {
    let mut details = BTreeMap::new();
    let mut entries = Vec::with_capacity(models.len());
    for model in models {
        let name = model.info.public_name.clone();
        let (entry, detail) = model.finish(until);
        entries.push(entry);
        details.insert(name, detail);
    }
    let (ranked, unranked) = rank_models(entries);
    Snapshot::new(window, (since, until), (rolled_up_at, loaded_at), ranked, unranked, details)
}

/// A model whose hours are being added up.
struct Folding {
    info: ModelInfo,
    tally: Tally,
    cost: Option<Decimal>,
    hours: BTreeMap<DateTime<Utc>, HourPoint>,
    updated_at: DateTime<Utc>,
}

impl Folding {
    fn new(row: &WindowRow) -> Self {
        let price = |price: Option<Decimal>| price.map(|price| usd(price, 6));
        let info = ModelInfo {
            public_name: row.public_name.clone(),
            slug: row.slug.clone(),
            family: row.family.clone(),
            context_window: row.context_window.and_then(|tokens| u32::try_from(tokens).ok()),
            is_featured: row.is_featured,
            is_simulated: row.is_simulated,
            input_price_per_million_usd: price(row.input_price_per_million_usd),
            output_price_per_million_usd: price(row.output_price_per_million_usd),
            total_cost_usd: None,
        };
        Self { info, tally: Tally::default(), cost: None, hours: BTreeMap::new(), updated_at: row.updated_at }
    }

    fn add(&mut self, row: &WindowRow, until: DateTime<Utc>) -> Result<(), Error> {
        let Some(hour) = row.hour else { return Ok(()) };
        self.updated_at = row.rolled_up_at.map_or(self.updated_at, |time| self.updated_at.max(time));
        let own = tally(row)?;
        let total = &mut self.tally;
        total.requests += own.requests;
        total.successes += own.successes;
        for (class, count) in &own.errors_by_class {
            *total.errors_by_class.entry(class.clone()).or_default() += count;
        }
        total.tokens_in = sum(total.tokens_in, own.tokens_in);
        total.tokens_out = sum(total.tokens_out, own.tokens_out);
        total.generated_tokens = total.generated_tokens.saturating_add(own.generated_tokens);
        total.generation_ms = total.generation_ms.saturating_add(own.generation_ms);
        total.latency.merge_stored(row.latency_histogram.as_deref().unwrap_or_default());
        total.ttft.merge_stored(row.ttft_histogram.as_deref().unwrap_or_default());
        self.cost = match (self.cost, row.cost_usd) {
            (Some(sum), Some(cost)) => Some(sum.saturating_add(cost)),
            (sum, cost) => sum.or(cost),
        };
        if hour >= until - TimeDelta::hours(SHOWN_HOURS) {
            self.hours.insert(hour, HourPoint::new(hour, &own));
        }
        Ok(())
    }

    fn finish(mut self, until: DateTime<Utc>) -> (Entry, Model) {
        self.info.total_cost_usd = self.cost.map(|cost| usd(cost, 2));
        let first = until - TimeDelta::hours(SHOWN_HOURS);
        let hourly = (0..SHOWN_HOURS).map(|i| first + TimeDelta::hours(i)).map(|hour| {
            // An hour without a row had no request.
            self.hours.remove(&hour).unwrap_or_else(|| HourPoint::new(hour, &Tally::default()))
        });
        let hourly = hourly.collect();
        let mut errors: Vec<_> = self.tally.errors_by_class.clone().into_iter().collect();
        errors.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        (Entry::new(self.info, &self.tally), Model::new(errors, hourly, self.updated_at))
    }
}

fn tally(row: &WindowRow) -> Result<Tally, Error> {
    let errors = row.errors_by_class.clone().unwrap_or_default();
    let mut tally = Tally {
        requests: count(row.requests),
        successes: count(row.successes),
        errors_by_class: serde_json::from_value(errors)
            .map_err(|error| Error::Internal(format!("stored error classes: {error}")))?,
        tokens_in: row.tokens_in.map(i64::unsigned_abs),
        tokens_out: row.tokens_out.map(i64::unsigned_abs),
        generated_tokens: count(row.generated_tokens),
        generation_ms: count(row.generation_ms),
        ..Tally::default()
    };
    tally.latency.merge_stored(row.latency_histogram.as_deref().unwrap_or_default());
    tally.ttft.merge_stored(row.ttft_histogram.as_deref().unwrap_or_default());
    Ok(tally)
}

/// Rounded to this many decimals, half away from zero.
fn usd(amount: Decimal, places: u32) -> Usd {
    let amount = amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    Usd(format!("{amount:.0$}", places as usize))
}

fn count(value: Option<i64>) -> u64 {
    value.map_or(0, i64::unsigned_abs)
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    }
}
