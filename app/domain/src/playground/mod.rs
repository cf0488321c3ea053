//! The playground: one prompt, one to four models, side by side.

mod best;
mod comparison;
mod event;
mod history;
mod note;
#[cfg(feature = "server")]
mod port;
mod request;
mod rules;
mod run;
mod run_note;
mod stats;

pub use best::{Best, best};
pub use comparison::Comparison;
pub use event::{DataReader, Event};
pub use history::{HistoryEntry, HistoryFilter, HistoryRun};
pub use note::{Note, note};
#[cfg(feature = "server")]
pub use port::PlaygroundPort;
pub use request::{ComparisonRequest, Parameters, PickRequest};
pub use rules::{LIMITS, Limits, prompt_length};
pub use run::{Run, RunError, RunResult, RunStatus};
pub use run_note::{RunNote, remarks};
pub use stats::{LiveStats, Stat, stats};
