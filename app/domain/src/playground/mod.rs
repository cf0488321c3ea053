//! The playground: one prompt, one to four models, side by side.

mod best;
mod event;
mod note;
#[cfg(feature = "server")]
mod port;
mod rules;
mod stats;
mod types;

pub use best::{Best, best};
pub use event::{DataReader, Event};
pub use note::{Note, note};
#[cfg(feature = "server")]
pub use port::PlaygroundPort;
pub use rules::{LIMITS, Limits, prompt_length};
pub use stats::{LiveStats, Stat, stats};
pub use types::{
    Comparison, ComparisonRequest, HistoryEntry, HistoryFilter, HistoryRun, Parameters, PickRequest, Run, RunError,
    RunStatus,
};
