//! The direct test of a model: its request, its steps, and its report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::health::HealthState;
use crate::{UpstreamId, Usd};

/// A step on the way to an answer, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    Address,
    Tcp,
    Tls,
    Auth,
    Model,
    Reply,
    Streaming,
    Usage,
}

impl StageName {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Model => "model",
            Self::Reply => "reply",
            Self::Streaming => "streaming",
            Self::Usage => "usage",
        }
    }

    /// The label on a page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Address => "Address",
            Self::Tcp => "Connection",
            Self::Tls => "Encryption",
            Self::Auth => "Key",
            Self::Model => "Model listed",
            Self::Reply => "Reply",
            Self::Streaming => "Streaming",
            Self::Usage => "Token counts",
        }
    }
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    Passed,
    /// Not as it should be, but calls work.
    Warning,
    Failed,
    /// Not needed, or not reached.
    Skipped,
}

impl StageState {
    /// The word of the API and of a page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One step: how it went, how long it took, what was found, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestStage {
    pub name: StageName,
    /// Whether calls can go on from here.
    pub ok: bool,
    pub state: StageState,
    pub ms: u64,
    pub detail: String,
    /// What to do about it, where there is something to do.
    pub remedy: Option<String>,
}

/// The overall result of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Works,
    /// Connected, but the upstream does not list the model.
    NotListed,
    /// Connected, and the upstream is loading the model.
    Loading,
    Failed,
}

impl Verdict {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::NotListed => "not_listed",
            Self::Loading => "loading",
            Self::Failed => "failed",
        }
    }
}

/// The whole of a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestReport {
    pub verdict: Verdict,
    pub failed_stage: Option<StageName>,
    /// What the upstream's refusal shows of the model; `null` where it shows nothing.
    pub health: Option<HealthState>,
    pub stages: Vec<TestStage>,
    /// Not stored.
    pub response_content: Option<String>,
    pub finish_reason: Option<String>,
    pub latency_ms: Option<u64>,
    pub ttft_ms: Option<u64>,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    /// What the provider bills for the answer at list price; `null` where a price or a count is unknown.
    pub list_cost_usd: Option<Usd>,
}

/// What to ask. Everything is optional; the message then is a short greeting. No `Debug`: it is content.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TestRequest {
    pub system: Option<String>,
    pub message: Option<String>,
    /// 0 to 2; not sent where it is absent.
    pub temperature: Option<f64>,
    /// Not sent where it is absent.
    pub max_tokens: Option<u32>,
    /// A PNG, JPEG, GIF or WebP image as a `data:` URL, at most 5 MB; for models that take one.
    pub image: Option<String>,
}

/// Values of a form that has not been saved, and what to ask. No `Debug`: it holds a key.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnsavedTest {
    pub base_url: String,
    #[serde(default)]
    pub api_key: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
    /// Where a key or the value of a header is missing, that of this upstream is used, as long as scheme, host and port are
    /// the same.
    #[serde(default)]
    pub upstream_id: Option<UpstreamId>,
    /// Without a model the test ends with the list of models.
    #[serde(default)]
    pub upstream_model: Option<String>,
    #[serde(default)]
    pub request: TestRequest,
}

/// What happens during a test, in its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TestEvent {
    /// A step has ended. One that was told already may be told again, when a later one has shown more.
    Stage { stage: TestStage },
    /// A piece of the answer.
    Delta { text: String },
    /// The end.
    Report { report: TestReport },
}

/// A model's row in the table of "Test all".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestRow {
    pub public_name: String,
    pub slug: String,
    pub report: TestReport,
}
