//! Shared by all JSON routes: problem documents, strict extractors for body, query and path, and the layers around the routes.

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
pub use path::{FieldName, FromPath, ModelSlug, PathId, ShareSlug};
pub use problem::{PROBLEM_JSON, Problem};
pub use same_origin::{RejectCrossOrigin, same_origin};
pub use surface::{method_not_allowed, surface};
