//! The playground: one prompt, one to four models, side by side.

mod answer;
mod api;
mod best;
mod card;
mod draft;
mod event;
mod grid;
mod island;
mod keys;
mod live;
mod note;
#[cfg(feature = "ssr")]
mod page;
mod parameters;
mod parameters_form;
mod picker;
#[cfg(feature = "ssr")]
mod port;
mod prompt_form;
mod rules;
mod search;
mod session;
mod state;
mod stream;
mod text;
mod types;
mod wire;

pub use api::{FindComparison, find_comparison};
pub use event::{DataReader, Event, EventReader};
pub use island::Playground;
#[cfg(feature = "ssr")]
pub use page::{ComparisonPage, PlaygroundPage};
#[cfg(feature = "ssr")]
pub use port::PlaygroundPort;
pub use rules::{LIMITS, Limits, prompt_length};
pub use state::status_word;
pub use types::{Comparison, ComparisonRequest, HistoryEntry, HistoryRun, Parameters, Run, RunError, RunStatus};
