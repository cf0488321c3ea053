//! What admins see of the catalogue and change in it: upstreams, models, direct tests. Server-rendered pages with plain forms;
//! nothing of it reaches a browser's WebAssembly.

mod port;
mod types;

pub use port::{ModelsPort, UpstreamsPort};
pub use types::{
    BulkEdit, ImportChoice, LastTest, Listing, ListingEntry, ModelEdit, ModelView, Move, UpstreamEdit, UpstreamView,
};
