//! The usage event. It is serialised as one record of the event log, so the names of its fields and values never change.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};
use uuid::Uuid;

/// One finished or failed request. Unknown is `None`, never 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageEvent {
    /// Idempotency key of the insert, together with `occurred_at`, which has to be the same on every attempt.
    pub id: Uuid,
    /// When the request arrived.
    pub occurred_at: DateTime<Utc>,
    pub request_id: Option<String>,
    pub api_key_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub model_public_name: String,
    pub upstream_id: Option<Uuid>,
    /// The status that the caller received.
    pub status_code: Option<u16>,
    pub outcome: Outcome,
    pub error_class: Option<ErrorClass>,
    pub is_stream: bool,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    pub usage_source: Option<UsageSource>,
    /// Time from the request's arrival to the end of the response.
    pub latency_ms: u64,
    pub upstream_latency_ms: Option<u64>,
    /// Time from the upstream call to its first token.
    pub ttft_ms: Option<u64>,
    /// Number of upstream calls; 0 if none was made.
    pub attempt: u32,
    pub cost_usd: Option<Decimal>,
    pub source: EventSource,
}

/// Whether a single request can have cost this much: from 0 to a million US dollars. Larger values are invented, and enough of
/// them would overflow the sums.
pub fn is_believable_cost(usd: &Decimal) -> bool {
    (Decimal::ZERO..=Decimal::from(1_000_000)).contains(usd)
}

/// How a request ended, as the leaderboard counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Outcome {
    Success,
    Error,
    /// Not the model's doing: the request itself, a filter of the provider, a limit of this site. Not counted.
    Refused,
    /// The caller disconnected: not counted.
    Abandoned,
}

/// The kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ErrorClass {
    RateLimited,
    Timeout,
    Connect,
    #[serde(rename = "upstream_4xx")]
    #[strum(serialize = "upstream_4xx")]
    Upstream4xx,
    #[serde(rename = "upstream_5xx")]
    #[strum(serialize = "upstream_5xx")]
    Upstream5xx,
    /// The response ended before it was complete.
    CutOff,
    /// A response without a token.
    Empty,
    /// The caller disconnected after ten seconds without a token.
    Slow,
    /// The request itself was at fault.
    Caller,
    HangUp,
    /// A filter of the provider stopped the prompt or the answer.
    ContentFilter,
    /// A limit of this site on times or sizes cut the answer off.
    SiteLimit,
}

impl ErrorClass {
    /// How a request that ends so is counted.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::RateLimited
            | Self::Timeout
            | Self::Connect
            | Self::Upstream4xx
            | Self::Upstream5xx
            | Self::CutOff
            | Self::Empty
            | Self::Slow => Outcome::Error,
            Self::Caller | Self::ContentFilter | Self::SiteLimit => Outcome::Refused,
            Self::HangUp => Outcome::Abandoned,
        }
    }
}

/// Who counted the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum UsageSource {
    Upstream,
    Estimated,
}

/// Which part of the server recorded an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum EventSource {
    Gateway,
    LiteLlm,
    Simulated,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_in_the_database_is_the_word_in_the_event_log() {
        fn check<T: VariantArray + Serialize + Copy + Into<&'static str>>(expected: &[&str]) {
            let stored: Vec<&str> = T::VARIANTS.iter().map(|value| (*value).into()).collect();
            assert_eq!(stored, expected);
            assert_eq!(serde_json::to_value(T::VARIANTS).expect("serialises"), serde_json::json!(expected));
        }
        check::<Outcome>(&["success", "error", "refused", "abandoned"]);
        check::<ErrorClass>(&[
            "rate_limited",
            "timeout",
            "connect",
            "upstream_4xx",
            "upstream_5xx",
            "cut_off",
            "empty",
            "slow",
            "caller",
            "hang_up",
            "content_filter",
            "site_limit",
        ]);
        check::<UsageSource>(&["upstream", "estimated"]);
        check::<EventSource>(&["gateway", "litellm", "simulated"]);
    }
}
