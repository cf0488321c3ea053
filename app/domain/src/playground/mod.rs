//! The playground: one prompt, one to four models, side by side.

mod best;
mod event;
mod figures;
mod note;
#[cfg(feature = "server")]
mod port;
mod rules;
mod types;

pub use best::{Best, best};
pub use event::{DataReader, Event};
pub use figures::{Figure, LiveFigures, figures};
pub use note::{Note, note};
#[cfg(feature = "server")]
pub use port::PlaygroundPort;
pub use rules::{LIMITS, Limits, prompt_length};
pub use types::{
    Comparison, ComparisonRequest, HistoryEntry, HistoryFilter, HistoryRun, Parameters, PickRequest, Run, RunError,
    RunStatus,
};
