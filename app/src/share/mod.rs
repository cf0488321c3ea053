//! Sharing: a comparison as anybody sees it who has its link. Pages only; nothing of this is in the browser's half.

mod api;
mod choose;
mod page;
mod view;

pub use api::{CopyShared, ShareComparison, UnshareComparison};
pub use choose::SharePage;
pub use page::SharedPage;
