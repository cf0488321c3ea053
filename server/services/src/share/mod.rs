//! Sharing: snapshots of comparisons that anybody with the link can read until their owner ends it. Snapshots are not cached, so
//! unsharing takes effect with the next request, on every replica.

mod api;
mod picture;
mod repo;
mod service;
mod slug;

pub use api::{ShareDoc, router};
pub use service::ShareService;
