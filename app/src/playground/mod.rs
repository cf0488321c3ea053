//! The playground: one prompt, one to four models, side by side.

mod answer;
mod api;
mod best;
mod card;
#[cfg(feature = "ssr")]
mod comparison_script;
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
#[cfg(feature = "ssr")]
mod rendered;
mod rules;
mod search;
mod session;
mod state;
#[cfg(feature = "ssr")]
pub mod still;
mod stream;
mod text;
mod types;
mod wire;

pub use api::{FindComparison, PickRun, find_comparison, pick_run};
#[cfg(feature = "ssr")]
pub use comparison_script::ComparisonScript;
pub use event::{DataReader, Event};
pub use island::Playground;
#[cfg(feature = "ssr")]
pub use page::{ComparisonPage, PlaygroundPage};
#[cfg(feature = "ssr")]
pub use port::PlaygroundPort;
#[cfg(feature = "ssr")]
pub use rendered::answer_html;
pub use rules::{LIMITS, Limits, prompt_length};
pub use state::status_word;
pub use types::{
    Comparison, ComparisonRequest, HistoryEntry, HistoryFilter, HistoryRun, Parameters, PickRequest, Run, RunError,
    RunStatus,
};
