//! Request bodies: a comparison to run, and the answer that a member prefers.

use serde::{Deserialize, Serialize};

use crate::RunId;

/// The body of `POST /api/playground`. Its rules are in [`ComparisonRequest::check`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ComparisonRequest {
    /// 1 to 50,000 characters (Unicode scalar values).
    pub prompt: String,
    /// 1 to 4 public names; the same model twice is allowed.
    pub models: Vec<String>,
    /// At most 50,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    #[serde(default)]
    pub parameters: Parameters,
    /// By position: what a card is sent with in place of `parameters`. `null` or missing: the shared ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub card_parameters: Vec<Option<Parameters>>,
}

/// Sampling parameters. What is unset is not sent upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// 1 to the model's limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
}

/// Which answer a member prefers: the body of `POST /api/playground/{id}/pick`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PickRequest {
    pub run_id: RunId,
}
