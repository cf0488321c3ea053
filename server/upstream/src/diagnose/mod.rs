//! Checks the way to a model step by step: address, connection, encryption, key, list of models, one token, a streamed
//! answer, token counts. Each step is timed and, where it fails, says what to do.

mod completion;
mod connection;
mod explain;
mod image;
mod listing;
mod model;
mod probe;
mod run;
mod stages;

pub use explain::explain_listing;
pub use image::{ImageError, check_image};
pub use probe::{Depth, Probe, TestPrompt};
pub use run::diagnose;
