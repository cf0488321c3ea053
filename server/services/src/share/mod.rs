//! Sharing: snapshots of comparisons that anybody with the link can read, for as long as their owner wants it. Nothing is
//! cached: what is unshared is gone with the next request, on every replica.

mod api;
mod picture;
mod repo;
mod service;
mod slug;

pub use api::{ShareDoc, router};
pub use service::ShareService;
