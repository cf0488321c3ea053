//! Reads chat completions, streamed or whole, of any OpenAI-compatible server. The playground, the gateway and the direct test
//! all read through this module, so that they agree on what an upstream said.
//!
//! `item` interprets one JSON object: nothing yet, output of some kind, token counts, a finish reason, an error, or something
//! broken. `progress` adds the objects of one answer up and says at its end whether it is complete. `whole` converts between
//! the two shapes of an answer, a stream of chunks and one object. `secrets` finds an upstream's own secrets in text that
//! arrives in pieces.
//!
//! Fields are looked up by name in unparsed JSON (`object`) instead of being deserialised into a struct: servers extend the
//! schema in different ways, and a field of an unexpected type must not make a completion unreadable. Nothing here does I/O.

mod item;
mod object;
mod output;
mod progress;
mod secrets;
mod surrogates;
mod usage;
mod whole;

pub use item::{Choice, Chunk, Item, Slot};
pub use output::{Lane, Output, OutputKind};
pub use progress::{Ending, Progress};
pub use secrets::{REPLACEMENT, Secrets, TextRedactor};
pub use usage::{TokenCounts, token_counts};
pub use whole::{Assembler, Identity, chunks_of};
