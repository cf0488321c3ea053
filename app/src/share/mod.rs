//! Sharing: a comparison as anybody sees it who has its link. Pages only; nothing of this is in the browser's half.

mod api;
mod choose;
mod content;
mod page;
mod port;
mod sent;
mod types;
mod view;
mod warnings;

pub use api::{CopyShared, ShareComparison, UnshareComparison};
pub use choose::SharePage;
pub use page::SharedPage;
pub use port::SharePort;
pub use sent::{own_parameters, sent_with};
pub use types::{ShareLink, ShareRequest, SharedComparison, SharedContent, SharedRun};
pub use warnings::{Warning, WarningKind, warnings};
