//! An API key as its member sees it, and what can be asked of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use crate::KeyId;

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ApiKey {
    pub id: KeyId,
    /// The member's own word for it.
    pub name: String,
    /// The first 10 characters of the secret, to recognise it by.
    pub prefix: String,
    /// Public names of the models that it may ask; `null`: every model.
    pub models: Option<Vec<String>>,
    /// Requests in a minute, on all servers together; `null`: no limit.
    pub requests_per_minute: Option<u32>,
    pub created_at: DateTime<Utc>,
    /// To within a few seconds; `null`: never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Since when it is refused; `null`: it is not.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// What a new key is to be: the body of `POST /api/keys`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// 1 to 100 characters.
    pub name: String,
    /// 1 to 100 public names; left out or `null`: every model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// 1 to 100,000; left out or `null`: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
}

/// What is to be different about a key: the body of `PATCH /api/keys/{id}`. What is left out stays as it is; `null` takes the
/// list or the limit away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 1 to 100 public names; `null`: every model.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "server", schema(value_type = Option<Vec<String>>))]
    pub models: Option<Option<Vec<String>>>,
    /// 1 to 100,000; `null`: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[cfg_attr(feature = "server", schema(value_type = Option<u32>))]
    pub requests_per_minute: Option<Option<u32>>,
}

/// A key that was just made. The secret is told this once; nobody can read it again.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct NewKey {
    #[serde(flatten)]
    pub key: ApiKey,
    /// Sent as `Authorization: Bearer …`.
    #[cfg_attr(feature = "server", schema(example = "qd-6nEdLJ0Zk3mXy7QhT1sW9vB2cF5gR8aUoPiYtKeVbNx"))]
    pub secret: String,
}

/// Tells a field that is `null` from one that is left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_null_is_not_a_list_that_is_left_out() {
        let read = |text: &str| serde_json::from_str::<KeyChange>(text).expect("reads");
        assert_eq!(read("{}"), KeyChange::default());
        assert_eq!(read(r#"{"models": null}"#).models, Some(None));
        assert_eq!(read(r#"{"models": ["a"]}"#).models, Some(Some(vec!["a".into()])));
        assert_eq!(read(r#"{"requests_per_minute": null}"#).requests_per_minute, Some(None));
        assert_eq!(read(r#"{"requests_per_minute": 7}"#).requests_per_minute, Some(Some(7)));
        assert!(serde_json::from_str::<KeyChange>(r#"{"revoked_at": null}"#).is_err());
    }
}
