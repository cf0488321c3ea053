//! What the usage events of a key add up to.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{KeyId, Usd, error::AppError};

/// How far back one looks, and in which steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum Window {
    /// 60 minutes.
    #[serde(rename = "1h")]
    Hour,
    /// 24 hours.
    #[default]
    #[serde(rename = "24h")]
    Day,
    /// 168 hours.
    #[serde(rename = "7d")]
    Week,
    /// 30 days.
    #[serde(rename = "30d")]
    Month,
}

impl Window {
    /// All of them, the shortest first.
    pub const ALL: [Window; 4] = [Window::Hour, Window::Day, Window::Week, Window::Month];

    /// The value of `window` in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Window::Hour => "1h",
            Window::Day => "24h",
            Window::Week => "7d",
            Window::Month => "30d",
        }
    }

    /// In words.
    pub fn title(self) -> &'static str {
        match self {
            Window::Hour => "1 hour",
            Window::Day => "24 hours",
            Window::Week => "7 days",
            Window::Month => "30 days",
        }
    }

    /// How many steps there are.
    pub fn steps(self) -> i32 {
        match self {
            Window::Hour => 60,
            Window::Day => 24,
            Window::Week => 168,
            Window::Month => 30,
        }
    }

    /// How long a step is.
    pub fn step(self) -> TimeDelta {
        match self {
            Window::Hour => TimeDelta::minutes(1),
            Window::Day | Window::Week => TimeDelta::hours(1),
            Window::Month => TimeDelta::days(1),
        }
    }

    /// When the first step began. Steps begin with full minutes, hours or days of UTC; the last one is still running.
    pub fn begin(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let step = self.step().num_seconds();
        let running = now.timestamp().div_euclid(step) * step;
        DateTime::from_timestamp(running - i64::from(self.steps() - 1) * step, 0).unwrap_or(now)
    }
}

impl FromStr for Window {
    type Err = AppError;

    fn from_str(text: &str) -> Result<Self, AppError> {
        let named = Window::ALL.into_iter().find(|window| window.as_str() == text);
        named.ok_or_else(|| AppError::Malformed("The window is 1h, 24h, 7d or 30d.".into()))
    }
}

/// Which events are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    pub window: Window,
    /// A public name; `None`: of every model.
    pub model: Option<String>,
}

/// What some events add up to. Requests are successes and errors; times are those of successes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
// Names in the OpenAPI document stay when a type is renamed: programs generate code from them.
#[cfg_attr(feature = "server", schema(as = Figures))]
pub struct UsageStats {
    pub requests: u64,
    pub successes: u64,
    pub errors: u64,
    /// 0 to 1; `null` without requests.
    pub success_rate: Option<f64>,
    /// The caller's own fault: not counted as requests.
    pub refused: u64,
    /// The caller hung up: not counted as requests.
    pub abandoned: u64,
    /// What callers waited, to within 0.9 %; `null` without successes.
    pub p50_latency_ms: Option<u64>,
    pub p95_latency_ms: Option<u64>,
    /// `null` where nothing was streamed.
    pub p50_ttft_ms: Option<u64>,
    pub p95_ttft_ms: Option<u64>,
    /// Of all requests of which it is known; `null` where it is of none.
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    pub cost_usd: Option<Usd>,
    /// Requests whose tokens were estimated, since the upstream did not count them.
    pub estimated: u64,
}

/// A model's part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = ModelFigures))]
pub struct ModelStats {
    /// Its public name at the time.
    pub model: String,
    #[serde(flatten)]
    pub stats: UsageStats,
}

/// A step's part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = StepFigures))]
pub struct StepStats {
    /// When the step began.
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub stats: UsageStats,
}

/// A step's and model's part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellStats {
    pub at: DateTime<Utc>,
    pub model: String,
    pub stats: UsageStats,
}

/// How often something ended in a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Ending {
    /// `error`, `refused` or `abandoned`.
    pub outcome: String,
    /// Such as `rate_limited` or `timeout`; `null` where it is unknown.
    pub error_class: Option<String>,
    /// What the caller was answered with; `null` where there was no answer.
    pub status_code: Option<u16>,
    pub count: u64,
}

/// What the events of one key, or of all keys of a member, add up to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Analytics {
    pub window: Window,
    /// The model that was asked for; `null`: all of them.
    pub model: Option<String>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// How long a step is.
    pub step_seconds: i64,
    pub totals: UsageStats,
    /// The most used first; at most 100.
    pub models: Vec<ModelStats>,
    /// Every step of the window, the empty ones too.
    pub steps: Vec<StepStats>,
    /// What did not succeed, the most frequent first; at most 100.
    pub endings: Vec<Ending>,
}

/// A key and what its events add up to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct KeyAnalytics {
    pub id: KeyId,
    pub name: String,
    pub prefix: String,
    #[serde(flatten)]
    pub analytics: Analytics,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_with_the_step_that_is_running() {
        let now: DateTime<Utc> = "2026-11-21T10:05:30Z".parse().expect("a time");
        let begin = |window: Window| window.begin(now).to_rfc3339();
        assert_eq!(begin(Window::Hour), "2026-11-21T09:06:00+00:00");
        assert_eq!(begin(Window::Day), "2026-11-20T11:00:00+00:00");
        assert_eq!(begin(Window::Week), "2026-11-14T11:00:00+00:00");
        assert_eq!(begin(Window::Month), "2026-10-23T00:00:00+00:00");
    }

    #[test]
    fn a_window_is_written_as_it_is_read() {
        for window in Window::ALL {
            assert_eq!(window.as_str().parse(), Ok(window));
            assert_eq!(serde_json::to_value(window).expect("serialises"), window.as_str());
        }
        assert!("8d".parse::<Window>().is_err());
    }
}
