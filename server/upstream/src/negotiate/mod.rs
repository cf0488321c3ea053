//! What an upstream does not take, and how to ask it all the same.
//!
//! Models and servers take different parts of OpenAI's request. Which ones is read from the refusal, never from the model's
//! name, since deployments have names of their own. `complaint` reads which fields a refusal names as not taken, `words` knows
//! the providers' phrases for it, `adjustment` says how a request is sent differently, and `negotiation` decides how to ask
//! again. Nothing here does I/O.

mod adjustment;
mod complaint;
mod field;
mod negotiation;
#[cfg(test)]
mod providers;
mod words;

pub use adjustment::{Adjustment, Adjustments};
pub use complaint::Complaint;
pub use field::Field;
pub use negotiation::{Lesson, Negotiation};
