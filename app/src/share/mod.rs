//! Sharing: a comparison for everybody who has its link. Rendered on the server only.

mod api;
mod choice;
mod choose;
mod page;
mod view;

pub use api::{CopyShared, ShareComparison, UnshareComparison};
pub use choose::SharePage;
pub use page::SharedPage;
