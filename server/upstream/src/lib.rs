//! Calls to OpenAI-compatible servers. Whatever comes back is untrusted: not as HTML, not in an error message, not as a
//! number, not as a redirect; and where a call may go at all is decided here, at the moment of connecting.
//!
//! `client` sends, `chat` asks for one streamed answer and `stream` reads it, `through` passes somebody else's question and
//! its answer on, `models` lists what can be asked.

mod address;
mod base_url;
mod chat;
mod chunk;
mod classify;
mod client;
mod diagnose;
mod error;
mod guard;
mod models;
mod passthrough;
mod redact;
mod sse;
mod stream;
mod wait;

pub use base_url::{BaseUrl, BaseUrlError, check_base_url};
pub use chat::{ChatRequest, Message};
pub use chunk::{ChatEvent, token_counts};
pub use client::{Call, ClientSettings, Target, UpstreamClient};
pub use diagnose::{Ask, Depth, ImageError, Probe, check_image, diagnose, explain_listing};
pub use error::UpstreamError;
pub use guard::{AllowList, Lookup, SystemLookup};
pub use models::ListedModel;
pub use passthrough::Passthrough;
pub use sse::{EventTooLarge, SseEvent, SseReader};
pub use stream::ChatStream;
pub use wait::{Deadlines, Timeouts};
