//! How the body of a response frames the answer: as server-sent events, or as one JSON object from a server that does not
//! stream.

use crate::{
    error::UpstreamError,
    sse::{SseEvent, SseReader, begins_event_stream},
};

/// Most bytes of one event and of a body that is one JSON object. Pictures are in them as text.
const MAX_OBJECT: usize = 8 * 1024 * 1024;
/// Most bytes of an event stream: 64 for each byte of text that is accepted, which is the overhead of small pieces.
const MAX_WIRE: usize = 256 * 1024 * 1024;
/// Most white space before the first byte that shows the framing.
const MAX_PRELUDE: usize = 1024 * 1024;

/// The framing, and what it holds of the body.
pub(super) enum Framing {
    /// Nothing has come yet: the first byte that is not white space decides.
    Unknown {
        /// Whether the headers declare an event stream, which may begin with a field that nobody knows.
        is_declared_stream: bool,
    },
    Events(SseReader),
    Whole(Vec<u8>),
}

/// What is left of a body at its end.
pub(super) enum Body {
    /// Nothing but white space came.
    Empty,
    /// The event that no blank line followed, if there is one.
    Events(Vec<SseEvent>),
    Whole(Vec<u8>),
}

impl Framing {
    /// The framing of a body with this `Content-Type`: the first bytes decide, since servers declare streams as JSON and the
    /// reverse. HTML is an error: what sent it is no model server.
    pub(super) fn of_content_type(content_type: &str) -> Result<Self, UpstreamError> {
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media_type.as_str() {
            "text/html" | "application/xhtml+xml" => Err(UpstreamError::bad_response("a web page")),
            other => Ok(Self::Unknown { is_declared_stream: other == "text/event-stream" }),
        }
    }

    /// Most bytes that the body may have, as far as its framing is known.
    pub(super) fn wire_limit(&self) -> usize {
        match self {
            Self::Unknown { .. } => MAX_PRELUDE,
            Self::Events(_) | Self::Whole(_) => MAX_WIRE,
        }
    }

    pub(super) fn is_event_stream(&self) -> bool {
        matches!(self, Self::Events(_))
    }

    /// Takes the next bytes and appends the events they complete, also where it returns an error.
    pub(super) fn push(&mut self, mut bytes: &[u8], events: &mut Vec<SseEvent>) -> Result<(), UpstreamError> {
        if let Self::Unknown { is_declared_stream } = *self {
            bytes = bytes.trim_ascii_start();
            let bare = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            *self = match bare.first() {
                None => return Ok(()),
                Some(b'<') => return Err(UpstreamError::bad_response("a web page")),
                Some(b'{' | b'[') => {
                    bytes = bare;
                    Self::Whole(Vec::new())
                }
                Some(_) if is_declared_stream || begins_event_stream(bare) => Self::Events(SseReader::new(MAX_OBJECT)),
                Some(_) => return Err(UpstreamError::bad_response("something else")),
            };
        }
        match self {
            Self::Unknown { .. } => Ok(()),
            Self::Whole(body) if body.len() + bytes.len() > MAX_OBJECT => Err(UpstreamError::too_large()),
            Self::Whole(body) => {
                body.extend_from_slice(bytes);
                Ok(())
            }
            Self::Events(reader) => reader.push(bytes, events).map_err(|_| UpstreamError::too_large()),
        }
    }

    /// The body is over.
    pub(super) fn finish(&mut self) -> Body {
        match std::mem::replace(self, Self::Unknown { is_declared_stream: false }) {
            Self::Unknown { .. } => Body::Empty,
            Self::Whole(body) => Body::Whole(body),
            Self::Events(mut reader) => {
                let mut events = Vec::new();
                reader.finish(&mut events);
                Body::Events(events)
            }
        }
    }
}
