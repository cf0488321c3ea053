//! Calls to OpenAI-compatible servers.
//!
//! Responses are untrusted: HTML, error messages, numbers and redirects are checked before anything uses them. Destinations
//! are checked when the connection is made, so that a name cannot resolve to another address after the check (`guard`).
//!
//! `client` sends requests, `chat` requests one streamed completion and `stream` reads it, `passthrough` forwards a request
//! of a gateway's caller and its response, `negotiate` reads which fields an upstream does not take, `models` fetches the list of models, `diagnose` tests an upstream step by step.

mod address;
mod base_url;
mod chat;
mod classify;
mod client;
pub mod completion;
mod diagnose;
mod error;
mod guard;
mod models;
mod negotiate;
mod passthrough;
mod redact;
mod sse;
mod stream;
mod target;
mod think;
mod wait;

pub use base_url::{BaseUrl, BaseUrlError, check_base_url};
pub use chat::{ChatRequest, Message};
pub use classify::{Advice, Fault};
pub use client::{ClientSettings, UpstreamClient};
pub use diagnose::{Depth, ImageError, Probe, TestPrompt, check_image, diagnose, explain_listing};
pub use error::UpstreamError;
pub use guard::{AllowList, Lookup, SystemLookup};
pub use models::{ListedModel, ModelList};
pub use negotiate::{Adjustment, Adjustments, Complaint, Field, Lesson, Negotiation};
pub use passthrough::{Passthrough, Shape, Stage};
pub use sse::{EventSplitter, EventTooLarge, RawEvent, SseEvent, SseReader};
pub use stream::{ChatEvent, ChatStream};
pub use target::{Call, Target};
pub use wait::{Deadlines, Timeouts};
