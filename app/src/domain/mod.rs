//! Rules and types that the browser, the server functions and the JSON API share.

pub mod format;
mod id;
mod money;
pub mod number;
pub mod text;

pub use id::{ComparisonId, KeyId, RunId, TemplateId, UpstreamId, UserId};
pub use money::Usd;
