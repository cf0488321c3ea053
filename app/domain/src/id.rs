//! Ids. Each kind has a type, so that the id of a run cannot be used as that of a comparison.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema), schema(value_type = String, format = "uuid"))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A member (UUIDv7).
    UserId
);
id!(
    /// A comparison (UUIDv7): one prompt with one to four runs.
    ComparisonId
);
id!(
    /// A run (UUIDv7): one model's answer within a comparison.
    RunId
);
id!(
    /// An API key (UUIDv7).
    KeyId
);
id!(
    /// An upstream (UUIDv7).
    UpstreamId
);
id!(
    /// A template that a member keeps (UUIDv7).
    TemplateId
);
