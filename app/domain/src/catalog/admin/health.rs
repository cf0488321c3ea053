//! The state of a model as its upstream's refusals show it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
