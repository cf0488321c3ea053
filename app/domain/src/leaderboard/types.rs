//! The leaderboard as pages and programs see it. Field names and number formats are promised to programs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Usd,
    interval::{Interval, LatencyInterval},
};

/// How many days the figures cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Window {
    #[default]
    Week,
    Month,
}

/// Both windows.
pub const WINDOWS: [Window; 2] = [Window::Week, Window::Month];

impl Window {
    /// 7 or 30.
    pub fn days(self) -> u32 {
        match self {
            Window::Week => 7,
            Window::Month => 30,
        }
    }
}

/// What the entries are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// Highest first.
    #[default]
    RankingScore,
    /// Lowest first.
    P95Latency,
    /// The output price, lowest first.
    Cost,
    /// Output tokens per second while generating, highest first.
    Throughput,
}

impl SortBy {
    /// Every order that can be asked for.
    pub const ALL: [SortBy; 4] = [SortBy::RankingScore, SortBy::P95Latency, SortBy::Cost, SortBy::Throughput];

    /// The word in the query string.
    pub fn as_str(self) -> &'static str {
        match self {
            SortBy::RankingScore => "ranking_score",
            SortBy::P95Latency => "p95_latency",
            SortBy::Cost => "cost",
            SortBy::Throughput => "throughput",
        }
    }
}

/// One model's figures in the window. Unknown is `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// For example `acme/qwen-pro`.
    pub model_public_name: String,
    pub family: Option<String>,
    /// In tokens.
    pub context_window: Option<u32>,
    pub is_featured: bool,
    /// Successes and errors.
    pub requests: u64,
    /// From 0 to 1, to six digits; with `error_rate` exactly 1. 1 only where all requests succeeded, 0 only where none did.
    pub success_rate: Option<f64>,
    pub error_rate: Option<f64>,
    /// Of successes: what the caller waited, to the last token.
    pub p50_latency_ms: Option<u64>,
    pub p95_latency_ms: Option<u64>,
    pub total_tokens_in: Option<u64>,
    pub total_tokens_out: Option<u64>,
    #[schema(example = "9.42")]
    pub total_cost_usd: Option<Usd>,
    #[schema(example = "0.500000")]
    pub input_price_per_million_usd: Option<Usd>,
    pub output_price_per_million_usd: Option<Usd>,
    /// From 0 to 1; `null` with fewer than 100 requests.
    pub ranking_score: Option<f64>,

    /// The name in URLs.
    pub slug: String,
    /// By `ranking_score`, whatever the entries are ordered by.
    pub rank: Option<u32>,
    /// The best rank that the intervals allow.
    pub rank_best: Option<u32>,
    /// The worst rank that the intervals allow.
    pub rank_worst: Option<u32>,
    /// Whether the requests seen cannot tell this model apart from the next entry, by what the entries are ordered by.
    pub is_tied_with_next: bool,
    /// 95 %, Wilson; `success_rate` is always in it.
    pub success_rate_interval: Option<Interval>,
    /// 95 %, from order statistics.
    pub p95_latency_interval_ms: Option<LatencyInterval>,
    /// Time to first token, of streamed successes.
    pub p50_ttft_ms: Option<u64>,
    pub p95_ttft_ms: Option<u64>,
    /// Output tokens per second while generating, of streamed successes: all of their tokens, the first included, divided by
    /// the time from the first one to the end.
    pub tokens_per_second: Option<f64>,
    /// Names of those fields above that have too few requests behind them to be relied on.
    pub thin_figures: Vec<String>,
    /// Whether the traffic behind it is made up.
    pub is_simulated: bool,

    /// Between which scores the intervals allow it to be.
    #[serde(skip)]
    pub score_interval: Option<Interval>,
}

impl Entry {
    /// Whether this figure has too few requests behind it.
    pub fn is_thin(&self, stat: &str) -> bool {
        self.thin_figures.iter().any(|thin| thin == stat)
    }
}

/// A model with too few requests to be ranked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unranked {
    pub public_name: String,
    pub slug: String,
    pub requests: u64,
}

/// One model: its figures in the window and its last 168 hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelPage {
    pub window: Window,
    pub generated_at: DateTime<Utc>,
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub entry: Entry,
    /// How many models are ranked.
    pub ranked: u32,
    /// Errors by class, most first.
    pub errors: Vec<(String, u64)>,
    pub hourly: Vec<HourPoint>,
    pub age_s: Option<u64>,
}

/// One hour of a model. An hour without a request has 0 requests and no figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HourPoint {
    /// Its beginning, UTC.
    pub hour: DateTime<Utc>,
    pub requests: u64,
    pub success_rate: Option<f64>,
    pub p50_latency_ms: Option<u64>,
    pub p95_latency_ms: Option<u64>,
    pub p95_latency_interval_ms: Option<LatencyInterval>,
    pub p50_ttft_ms: Option<u64>,
    pub tokens_per_second: Option<f64>,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    /// Names of those fields above that have too few requests of the hour behind them to be relied on.
    pub thin_figures: Vec<String>,
}

impl HourPoint {
    /// Whether this figure has too few requests behind it.
    pub fn is_thin(&self, stat: &str) -> bool {
        self.thin_figures.iter().any(|thin| thin == stat)
    }
}

macro_rules! as_word {
    ($name:ty, $write:expr, $all:expr) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&$write(*self))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                $all.into_iter()
                    .find(|one| $write(*one) == word)
                    .ok_or_else(|| serde::de::Error::custom("no such word"))
            }
        }
    };
}

as_word!(Window, |window: Window| window.days().to_string(), WINDOWS);
