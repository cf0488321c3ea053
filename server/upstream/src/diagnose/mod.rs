//! Looks at the way to a model step by step: address, connection, encryption, key, list of models, one token, a streamed
//! answer, token counts. Each step is timed and, where it fails, says what to do.

mod ask;
mod connect;
mod explain;
mod image;
mod listing;
mod run;

pub use explain::explain_listing;
pub use image::{ImageError, check_image};
pub use run::{Ask, Depth, Probe, diagnose};
