//! Generated usage of the simulated models: daily and weekly rhythm, an incident, and a new model with too few requests to be
//! ranked. Generation is deterministic by hour, so that repeating it changes nothing.

use std::f64::consts::TAU;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use uuid::Builder;

use super::repo::SimulatedModel;
use crate::{
    catalog::Prices,
    usage::{ErrorClass, EventSource, Outcome, UsageEvent, UsageSource},
};

/// A new model has one request in this many hours: 90 in any 30 days, below the 100 that are needed to be ranked.
const HOURS_BETWEEN_TRIALS: i64 = 8;

/// The usage and behaviour of one model.
struct Habit {
    upstream_model: &'static str,
    /// Mean requests per hour.
    per_hour: f64,
    /// In milliseconds.
    first_token: f64,
    each_token: f64,
    /// Median output tokens of an answer.
    tokens: f64,
    failures: f64,
    /// Whether it has the incident.
    has_incident: bool,
    /// Whether it has so few requests that it is never ranked, however long the server runs.
    is_new: bool,
}

const HABITS: [Habit; 4] = [
    habit("demo/swift", 34.0, 120.0, 6.0, 150.0, 0.0028),
    Habit { has_incident: true, ..habit("demo/poet", 11.0, 300.0, 16.0, 190.0, 0.004) },
    habit("demo/thinker", 9.0, 700.0, 14.0, 420.0, 0.0012),
    Habit { is_new: true, ..habit("demo/sage", 0.125, 480.0, 22.0, 260.0, 0.003) },
];

const fn habit(
    upstream_model: &'static str,
    per_hour: f64,
    first_token: f64,
    each_token: f64,
    tokens: f64,
    failures: f64,
) -> Habit {
    Habit { upstream_model, per_hour, first_token, each_token, tokens, failures, has_incident: false, is_new: false }
}

/// The events of this hour; always the same for the same hour.
pub(super) fn hour_of_traffic(models: &[SimulatedModel], hour: DateTime<Utc>) -> Vec<UsageEvent> {
    let mut events = Vec::new();
    for model in models {
        let Some(habit) = HABITS.iter().find(|habit| habit.upstream_model == model.upstream_model) else { continue };
        let mut dice = Dice::new(&model.upstream_model, hour);
        // The incident is bound to the calendar (every fifth day of the year), so that it does not move with the present.
        let has_trouble = habit.has_incident && hour.ordinal().is_multiple_of(5) && (1..4).contains(&hour.hour());
        let usual = (habit.per_hour * busyness(hour) * dice.between(0.8, 1.2)).round() as u32;
        let count = if habit.is_new { u32::from(is_of_trial(hour)) } else { usual };
        for _ in 0..count {
            events.push(event(model, habit, hour, has_trouble, &mut dice));
        }
    }
    events.sort_by_key(|event| event.occurred_at);
    events
}

/// Whether a new model has a request in this hour.
fn is_of_trial(hour: DateTime<Utc>) -> bool {
    hour.timestamp().div_euclid(3_600).rem_euclid(HOURS_BETWEEN_TRIALS) == 5
}

/// Factor of the daily and weekly rhythm: from 1/3 at night to 1.5 around noon; half of that on weekends.
fn busyness(hour: DateTime<Utc>) -> f64 {
    let of_day = 0.9 - 0.6 * ((f64::from(hour.hour()) - 1.0) / 24.0 * TAU).cos();
    let is_weekend = hour.weekday().number_from_monday() > 5;
    if is_weekend { of_day / 2.0 } else { of_day }
}

fn event(model: &SimulatedModel, habit: &Habit, hour: DateTime<Utc>, has_trouble: bool, dice: &mut Dice) -> UsageEvent {
    let occurred_at = hour + TimeDelta::milliseconds(dice.below(3_600_000));
    let slowness = if has_trouble { 2.8 } else { 1.0 } * dice.around(0.18);
    let ttft = habit.first_token * slowness * dice.around(0.25);
    let tokens_out = (habit.tokens * dice.around(0.55)).round().max(1.0);
    let latency = ttft + habit.each_token * slowness * tokens_out;
    let tokens_in = (180.0 * dice.around(0.8)).round().max(5.0);
    let is_stream = dice.unit() < 0.8;
    let failure = dice.unit() < if has_trouble { 0.2 } else { habit.failures };
    let aside = dice.unit();
    let prices = Prices { input: model.input_price_per_million_usd, output: model.output_price_per_million_usd };

    let mut event = UsageEvent {
        id: Builder::from_unix_timestamp_millis(occurred_at.timestamp_millis().unsigned_abs(), &dice.bytes())
            .into_uuid(),
        occurred_at,
        request_id: None,
        api_key_id: None,
        user_id: None,
        model_public_name: model.public_name.clone(),
        upstream_id: Some(model.upstream_id),
        status_code: Some(200),
        outcome: Outcome::Success,
        error_class: None,
        is_stream,
        tokens_in: Some(tokens_in as u64),
        tokens_out: Some(tokens_out as u64),
        usage_source: Some(UsageSource::Upstream),
        latency_ms: latency as u64,
        upstream_latency_ms: Some((latency * 0.99) as u64),
        ttft_ms: is_stream.then_some(ttft as u64),
        attempt: 1,
        cost_usd: prices.cost(Some(tokens_in as u64), Some(tokens_out as u64)),
        source: EventSource::Simulated,
    };
    if failure {
        fail(&mut event, dice);
    } else if aside < 0.004 {
        // Rejected before any upstream was called, for example for a misspelt parameter.
        end(&mut event, Outcome::Refused, ErrorClass::Caller, (Some(400), 2));
    } else if aside < 0.01 {
        let waited = event.latency_ms / 2;
        end(&mut event, Outcome::Abandoned, ErrorClass::HangUp, (None, waited));
    }
    event
}

fn fail(event: &mut UsageEvent, dice: &mut Dice) {
    let (class, status, latency) = match dice.below(10) {
        0..=3 => (ErrorClass::Upstream5xx, 502, 350),
        4..=6 => (ErrorClass::RateLimited, 429, 90),
        7 | 8 => (ErrorClass::Timeout, 504, 60_000),
        _ => (ErrorClass::CutOff, 200, event.latency_ms / 3),
    };
    end(event, Outcome::Error, class, (Some(status), latency));
}

fn end(event: &mut UsageEvent, outcome: Outcome, class: ErrorClass, (status, latency_ms): (Option<u16>, u64)) {
    event.outcome = outcome;
    event.error_class = Some(class);
    event.status_code = status;
    event.latency_ms = latency_ms;
    event.upstream_latency_ms = None;
    event.ttft_ms = None;
    event.tokens_in = None;
    event.tokens_out = None;
    event.usage_source = None;
    event.cost_usd = None;
}

/// Deterministic pseudo-random numbers: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct Dice(u64);

impl Dice {
    fn new(model: &str, hour: DateTime<Utc>) -> Self {
        let seed = model
            .bytes()
            .fold(hour.timestamp().unsigned_abs(), |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn below(&mut self, end: i64) -> i64 {
        (self.unit() * end as f64) as i64
    }

    /// A factor around 1, log-normal.
    fn around(&mut self, spread: f64) -> f64 {
        let (a, b) = (self.unit().max(f64::MIN_POSITIVE), self.unit());
        (spread * (-2.0 * a.ln()).sqrt() * (TAU * b).cos()).exp()
    }

    fn bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        let (a, b) = (self.next().to_be_bytes(), self.next().to_be_bytes());
        bytes[..8].copy_from_slice(&a);
        bytes[8..].copy_from_slice(&b[..2]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::*;

    fn models() -> Vec<SimulatedModel> {
        let model = |habit: &Habit| SimulatedModel {
            public_name: habit.upstream_model.into(),
            upstream_model: habit.upstream_model.into(),
            upstream_id: Uuid::nil(),
            input_price_per_million_usd: Some(1.into()),
            output_price_per_million_usd: None,
        };
        HABITS.iter().map(model).collect()
    }

    fn month() -> Vec<UsageEvent> {
        let now = "2026-11-21T10:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let hours = (1..=720).rev().map(|ago| now - TimeDelta::hours(ago));
        hours.flat_map(|hour| hour_of_traffic(&models(), hour)).collect()
    }

    #[test]
    fn the_same_hour_is_made_up_the_same_way() {
        let (first, second) = (month(), month());
        assert_eq!(first, second);
        assert_eq!(first.iter().map(|event| event.id).collect::<HashSet<_>>().len(), first.len());
        assert!(first.iter().all(|event| event.source == EventSource::Simulated));
    }

    #[test]
    fn every_model_has_enough_to_be_ranked_but_the_new_one() {
        let events = month();
        for habit in &HABITS {
            let count = events.iter().filter(|event| event.model_public_name == habit.upstream_model).count();
            assert_eq!((1..100).contains(&count), habit.is_new, "{}: {count}", habit.upstream_model);
        }
        assert!((20_000..60_000).contains(&events.len()), "{}", events.len());
    }

    #[test]
    fn the_new_model_is_never_ranked_whenever_the_window_begins() {
        let new: Vec<_> = models().into_iter().filter(|model| model.upstream_model == "demo/sage").collect();
        let first = "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
        // As a server generates them over two years.
        let counts: Vec<usize> = (0..2 * 365 * 24)
            .map(|i| first + TimeDelta::hours(i))
            .map(|hour| hour_of_traffic(&new, hour).len())
            .collect();
        for days in [7, 30] {
            for (start, window) in counts.windows(days * 24).enumerate() {
                let count: usize = window.iter().sum();
                assert!((1..100).contains(&count), "{count} in {days} days from hour {start} on");
            }
        }
    }

    #[test]
    fn nights_are_quieter_than_noons_and_the_poet_has_had_a_bad_one() {
        let events = month();
        let at = |hours: std::ops::Range<u32>| {
            events.iter().filter(|event| hours.contains(&event.occurred_at.hour())).count()
        };
        assert!(at(11..15) > 3 * at(0..4), "{} and {}", at(11..15), at(0..4));
        let rate = |is_bad: bool| {
            let poems = events.iter().filter(|event| {
                let time = event.occurred_at;
                event.model_public_name == "demo/poet"
                    && (time.ordinal() % 5 == 0 && (1..4).contains(&time.hour())) == is_bad
            });
            let (all, failed) = poems.fold((0.0, 0.0), |(all, failed), event| {
                (all + 1.0, failed + f64::from(u8::from(event.outcome == Outcome::Error)))
            });
            failed / all
        };
        assert!(rate(true) > 0.1 && rate(false) < 0.02, "{} and {}", rate(true), rate(false));
    }
}
