//! The time limits of an upstream: their names in forms and messages, their defaults and their bounds.

/// Shortest time limit, in milliseconds: below it no server far away could answer.
pub const MIN_LIMIT_MS: u32 = 1_000;
/// Longest time limit, in milliseconds.
pub const MAX_LIMIT_MS: u32 = 3_600_000;

/// A time limit that every upstream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimit {
    /// Its name in the API and in the catalogue file.
    pub field: &'static str,
    /// Its name in the form of the upstream, which messages about it repeat.
    pub label: &'static str,
    pub default_ms: u32,
}

/// From sending the request to the first output of a stream. Reasoning models are silent for minutes.
pub const FIRST_OUTPUT: TimeLimit =
    TimeLimit { field: "first_byte_ms", label: "Time to first output", default_ms: 300_000 };

/// Without a single byte after the first output.
pub const SILENCE: TimeLimit = TimeLimit { field: "idle_ms", label: "Silence", default_ms: 120_000 };

/// From sending the request to the end of an answer that is not streamed. A stream that moves is never ended by it.
pub const WHOLE: TimeLimit =
    TimeLimit { field: "timeout_ms", label: "Whole answer, if not streamed", default_ms: 600_000 };
