//! The state of a model as its upstream's refusals show it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Refusals after which a state is worth an admin's attention.
const MANY: u64 = 3;
/// How long a state that passes by itself goes on before it is.
const LONG: TimeDelta = TimeDelta::minutes(10);

/// A state of a model: from the first refusal to the next success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelHealth {
    pub state: HealthState,
    /// When it was refused so for the first time.
    pub since: DateTime<Utc>,
    /// When it was refused so for the last time.
    pub last_seen: DateTime<Utc>,
    /// How often.
    pub count: u64,
}

impl ModelHealth {
    /// Whether admins should be told: it was refused at least three times and does not pass by itself, or has gone on for ten
    /// minutes.
    pub fn lasts(&self) -> bool {
        self.count >= MANY && (self.state.needs_an_admin() || self.last_seen - self.since >= LONG)
    }
}

/// What keeps a model from answering, until a call succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// The upstream does not know the model, or no longer.
    Retired,
    /// The operator's account at the provider has no credit or quota left.
    OutOfMoney,
    /// The upstream does not accept the key, or the key may not use the model.
    BadKey,
    /// The upstream is loading the model.
    Loading,
    Overloaded,
}

impl HealthState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Retired, Self::OutOfMoney, Self::BadKey, Self::Loading, Self::Overloaded];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::OutOfMoney => "out_of_money",
            Self::BadKey => "bad_key",
            Self::Loading => "loading",
            Self::Overloaded => "overloaded",
        }
    }

    /// The state of a stored word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// What the upstream does or lacks, as the words of a chip.
    pub fn words(self) -> &'static str {
        match self {
            Self::Retired => "does not know this model",
            Self::OutOfMoney => "no credit left",
            Self::BadKey => "key not accepted",
            Self::Loading => "loading",
            Self::Overloaded => "overloaded",
        }
    }

    /// Whether only an admin can end it: it does not pass by itself.
    pub fn needs_an_admin(self) -> bool {
        matches!(self, Self::Retired | Self::OutOfMoney | Self::BadKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_lasts_after_three_refusals_at_once_or_after_ten_minutes() {
        let since = DateTime::UNIX_EPOCH;
        let lasts = |state, count, minutes| {
            ModelHealth { state, since, last_seen: since + TimeDelta::minutes(minutes), count }.lasts()
        };
        for state in [HealthState::Retired, HealthState::OutOfMoney, HealthState::BadKey] {
            assert!(lasts(state, 3, 0) && !lasts(state, 2, 60), "{state:?}");
        }
        for state in [HealthState::Loading, HealthState::Overloaded] {
            assert!(lasts(state, 3, 10) && !lasts(state, 100, 9) && !lasts(state, 2, 60), "{state:?}");
        }
    }

    #[test]
    fn a_stored_word_is_read_back() {
        for state in HealthState::ALL {
            assert_eq!(HealthState::of(state.as_str()), Some(state));
        }
        assert_eq!(HealthState::of("well"), None);
    }
}
