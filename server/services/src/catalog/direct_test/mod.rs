//! The direct test: one question straight from here to a model's upstream, past the gateway. No usage event, no limits, no
//! content in any log; only when, how it ended and how long each step took is kept.

mod all;
mod api;
mod request;
mod service;

pub use api::{DirectTestDoc, router};
pub use service::DirectTestService;
