//! The list of an upstream's models: fetched page by page, read entry by entry.

mod entry;
mod list;
mod page;

pub use entry::ListedModel;
pub use list::ModelList;
