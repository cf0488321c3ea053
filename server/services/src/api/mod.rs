//! What every JSON route shares: problem documents, strict bodies and paths, and the surface around them.

mod accept;
mod error;
mod json;
mod path;
mod problem;
mod same_origin;
mod serde_message;
mod surface;

pub use accept::accepts_events;
pub use error::ApiError;
pub use json::{JsonBody, JsonBodyOrDefault, QueryParams};
pub use path::{FromPath, ModelSlug, PathId, ShareSlug};
pub use problem::{PROBLEM_JSON, Problem};
pub use same_origin::{RejectCrossOrigin, same_origin};
pub use surface::{method_not_allowed, surface};
