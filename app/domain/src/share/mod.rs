//! Sharing: a comparison as seen by anybody who has its link.

mod content;
mod port;
mod sent;
mod types;
mod warnings;

pub use port::SharePort;
pub use sent::{own_parameters, sent_with};
pub use types::{ShareLink, ShareRequest, SharedComparison, SharedContent, SharedRun};
pub use warnings::{Warning, WarningKind, warnings};
