//! The playground: one prompt, one to four models, side by side.

mod answer;
mod api;
mod card;
#[cfg(feature = "ssr")]
mod comparison_script;
mod draft;
mod facts;
mod grid;
mod island;
mod keys;
mod live;
#[cfg(feature = "ssr")]
mod page;
mod parameters;
mod parameters_form;
mod picker;
mod prompt_form;
mod search;
mod session;
mod state;
mod stream;
mod submit;
mod text;
mod wire;

pub use api::{FindComparison, PickRun, find_comparison, pick_run};
#[cfg(feature = "ssr")]
pub use comparison_script::ComparisonScript;
pub use island::Playground;
#[cfg(feature = "ssr")]
pub use page::{ComparisonPage, PlaygroundPage};
