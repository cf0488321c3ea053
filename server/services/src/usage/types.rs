//! What a usage event says. Serialised as one record of the event log, so names of fields and values are never changed.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One finished or failed request. Unknown is `None`, never 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageEvent {
    /// Makes writing it twice the same as writing it once (together with the time, which must then be the same too).
    pub id: Uuid,
    /// When the request arrived.
    pub occurred_at: DateTime<Utc>,
    pub request_id: Option<String>,
    pub api_key_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub model_public_name: String,
    pub upstream_id: Option<Uuid>,
    /// What the caller was answered with.
    pub status_code: Option<u16>,
    pub outcome: Outcome,
    pub error_class: Option<ErrorClass>,
    pub is_stream: bool,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    pub usage_source: Option<UsageSource>,
    /// What the caller waited.
    pub latency_ms: u64,
    pub upstream_latency_ms: Option<u64>,
    /// To the first token.
    pub ttft_ms: Option<u64>,
    /// How many upstream calls it took, counted from 1.
    pub attempt: u32,
    pub cost_usd: Option<Decimal>,
    pub source: EventSource,
}

/// Whether one request can have cost this. More than a million dollars is a number that somebody made up, and enough of those
/// add up to one that nothing here can hold.
pub fn is_believable_cost(usd: &Decimal) -> bool {
    (Decimal::ZERO..=Decimal::from(1_000_000)).contains(usd)
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant),*
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word in the database, in the event log and in the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),*
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = foundation::error::Error;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(foundation::error::Error::Internal(format!("no such {}: {word}", stringify!($name)))),
                }
            }
        }
    };
}

words! {
    /// How a request ended, as the leaderboard counts it.
    Outcome {
        Success = "success",
        Error = "error",
        /// The caller's own fault, answered before any upstream call: not counted.
        Refused = "refused",
        /// The caller hung up: not counted.
        Abandoned = "abandoned",
    }
}

words! {
    /// What kind of failure it was.
    ErrorClass {
        RateLimited = "rate_limited",
        Timeout = "timeout",
        Connect = "connect",
        Upstream4xx = "upstream_4xx",
        Upstream5xx = "upstream_5xx",
        /// The answer stopped in the middle.
        CutOff = "cut_off",
        /// An answer without a token.
        Empty = "empty",
        /// The caller hung up after ten seconds without a token.
        Slow = "slow",
        /// The request itself was at fault.
        Caller = "caller",
        HangUp = "hang_up",
    }
}

words! {
    /// Who counted the tokens.
    UsageSource {
        Upstream = "upstream",
        Estimated = "estimated",
    }
}

words! {
    /// Where an event comes from.
    EventSource {
        Gateway = "gateway",
        LiteLlm = "litellm",
        Simulated = "simulated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_in_the_database_is_the_word_in_the_event_log() {
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
            assert_eq!(outcome.as_str().parse::<Outcome>().unwrap(), *outcome);
        }
        for class in ErrorClass::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
            assert_eq!(class.as_str().parse::<ErrorClass>().unwrap(), *class);
        }
        assert!("no such thing".parse::<EventSource>().is_err());
    }
}
