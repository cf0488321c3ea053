//! The direct test: a request straight to a model's upstream, bypassing the gateway. It writes no usage event, counts towards
//! no limit and logs no content; only its time, verdict and timings are stored.

mod all;
mod api;
mod request;
mod service;

pub use api::{DirectTestDoc, router};
pub use service::DirectTestService;
