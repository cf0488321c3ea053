//! What other pages show of runs that have ended: the same figures, marks and notes as the playground's cards.

use super::{Run, live};

pub use super::{
    best::{Best, best},
    live::Figure,
    note::{Note, note},
    state::status_word,
};

/// The six figures of a run that has ended.
pub fn figures(run: &Run) -> [Figure; 6] {
    live::figures(run, None)
}
