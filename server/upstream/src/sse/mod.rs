//! Server-sent events as an upstream sends them. Two layers over one parser:
//!
//! * [`EventSplitter`] cuts the byte stream at the blank lines and leaves the bytes as they are; the gateway rewrites events
//!   in place with it.
//! * [`SseReader`] is for whoever only wants the content: it yields names and data as text.
//!
//! Written here rather than taken from a crate because four things are needed together: a bound on the size of an event
//! while it grows, the raw bytes of each event, the last event of a stream that ends without a blank line, and text that
//! survives invalid UTF-8. Neither layer does I/O.
//!
//! Source: WHATWG HTML Living Standard, section 9.2.6 "Interpreting an event stream".

mod event;
mod reader;
mod splitter;

pub use event::RawEvent;
pub use reader::{SseEvent, SseReader};
pub use splitter::{EventSplitter, EventTooLarge};

/// Whether these may be the first bytes of an event stream, however few they are.
pub(crate) fn begins_event_stream(bytes: &[u8]) -> bool {
    let starts: [&[u8]; 6] = [b":", b"data", b"event", b"id", b"retry", b"\xef\xbb\xbf"];
    starts.iter().any(|start| bytes.starts_with(start) || start.starts_with(bytes))
}
