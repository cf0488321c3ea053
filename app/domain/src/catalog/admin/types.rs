//! The catalogue as admins see and change it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{AdjustmentView, health::ModelHealth};
use crate::{UpstreamId, Usd};

/// An upstream. Its key and the values of its headers are never shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UpstreamView {
    pub id: UpstreamId,
    pub name: String,
    pub base_url: String,
    /// Whether a key is stored.
    pub has_api_key: bool,
    /// Names of the custom headers.
    pub headers: Vec<String>,
    pub is_enabled: bool,
    /// Whether it belongs to demo mode.
    pub is_simulated: bool,
    /// Whether it may have a private address because the operator's environment named it.
    pub allow_private: bool,
    /// Longest time for an answer that is not streamed, in milliseconds. A stream that moves is never ended by it.
    pub timeout_ms: u32,
    /// Longest time until the first output of a stream, in milliseconds.
    pub first_byte_ms: u32,
    /// Longest silence after that, in milliseconds.
    pub idle_ms: u32,
    /// How many models it serves here.
    pub models: u32,
    pub updated_at: DateTime<Utc>,
}

/// An upstream to make, or what to change of one: what is absent stays as it is. No `Debug`: it holds a key.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamEdit {
    /// Unique, 1 to 100 characters.
    pub name: Option<String>,
    /// For example `https://api.example.com/v1`. Another scheme, host or port clears the key and the headers that are not
    /// given anew.
    pub base_url: Option<String>,
    /// Sent as a bearer token; `null` clears it.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub api_key: Option<Option<String>>,
    /// All custom headers; a value of `null` keeps the stored one of that name.
    pub headers: Option<BTreeMap<String, Option<String>>>,
    pub is_enabled: Option<bool>,
    /// Longest time for an answer that is not streamed: 1,000 to 3,600,000 ms; a new upstream gets 600,000.
    pub timeout_ms: Option<u32>,
    /// Longest time until the first output of a stream: 1,000 to 3,600,000 ms; a new upstream gets 300,000.
    pub first_byte_ms: Option<u32>,
    /// Longest silence after that: 1,000 to 3,600,000 ms; a new upstream gets 120,000.
    pub idle_ms: Option<u32>,
}

/// A model, whether or not it can be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelView {
    pub public_name: String,
    /// The name in URLs; it stays when the model is renamed.
    pub slug: String,
    /// The name of its upstream.
    pub upstream: String,
    pub upstream_id: UpstreamId,
    /// Whether its upstream is enabled.
    pub is_upstream_enabled: bool,
    /// The upstream's own name of it.
    pub upstream_model: String,
    pub family: Option<String>,
    /// In tokens.
    pub context_window: Option<u32>,
    pub is_featured: bool,
    pub is_enabled: bool,
    pub input_price_per_million_usd: Option<Usd>,
    pub output_price_per_million_usd: Option<Usd>,
    /// Its last direct test.
    pub last_test: Option<LastTest>,
    /// What it does not take, as far as that has been learned from refusals of the last week.
    pub adjustments: Vec<AdjustmentView>,
    /// What keeps it from answering; `null` where its last call has succeeded, or failed in another way.
    pub health: Option<ModelHealth>,
}

/// What is kept of a direct test: never what was asked or answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LastTest {
    pub tested_at: DateTime<Utc>,
    /// `works`, `not_listed`, `loading` or `failed`.
    pub verdict: String,
    pub failed_stage: Option<String>,
    pub latency_ms: Option<u64>,
    pub ttft_ms: Option<u64>,
}

/// A model to make, or what to change of one or of several: what is absent stays as it is, `null` is unknown.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelEdit {
    /// Unique, 1 to 200 characters. Renaming takes the history along.
    pub public_name: Option<String>,
    /// Unique; made from the public name where it is absent.
    pub slug: Option<String>,
    /// The name of an upstream.
    pub upstream: Option<String>,
    pub upstream_model: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub family: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub context_window: Option<Option<u32>>,
    pub is_featured: Option<bool>,
    pub is_enabled: Option<bool>,
    /// Decimal text, for example `0.50`.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Usd>)]
    pub input_price_per_million_usd: Option<Option<Usd>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Usd>)]
    pub output_price_per_million_usd: Option<Option<Usd>>,
}

/// The same change to several models.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkEdit {
    /// 1 to 1,000 slugs.
    pub slugs: Vec<String>,
    /// Names and upstreams cannot be changed in bulk.
    pub change: ModelEdit,
}

/// Where a model goes in the picker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    Up,
    Down,
    Top,
    Bottom,
}

/// What an upstream lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Listing {
    /// Those that fit the filter; at most 500.
    pub models: Vec<ListingEntry>,
    /// How many fit the filter.
    pub matching: u32,
    /// How many of those that fit are patterns, which cannot be imported.
    pub patterns: u32,
    /// How many the upstream lists.
    pub total: u32,
    /// How many further entries have no usable name: none, one of more than 200 characters, or one with control characters.
    pub left_out: u32,
    /// Why the list was not read to its end, as a sentence; `null` where it was.
    pub cut: Option<String>,
}

/// A model as its upstream lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ListingEntry {
    pub upstream_model: String,
    pub context_window: Option<u32>,
    /// The public name it has in the catalogue already.
    pub public_name: Option<String>,
    /// Whether it is a pattern such as `openai/*`, which stands for models that it does not name and cannot be imported.
    pub is_pattern: bool,
}

/// Which of the listed models to take into the catalogue.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportChoice {
    /// The upstream's names of them; a pattern is refused.
    pub models: Vec<String>,
    /// All that contain this, without regard to case, except patterns. Empty text means all.
    pub filter: Option<String>,
    /// Put in front of each public name, for example `acme/`.
    pub prefix: String,
}

/// Tells a field that is there from one that is not, also where it is `null`.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
