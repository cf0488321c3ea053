//! An answer as it arrives.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use http::header::CONTENT_TYPE;
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    chunk::{ChatEvent, Parsed, parse},
    classify::{from_error_object, from_transport},
    error::UpstreamError,
    sse::{SseEvent, SseReader},
    wait::Deadlines,
};

/// Bytes of text and reasoning of one answer.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// Bytes of an answer that comes whole, and so of its text with everything around it.
const MAX_WHOLE_BODY: usize = 8 * 1024 * 1024;
/// Bytes that a stream may take to say it: about sixty for each byte of text, which is what small pieces cost.
const MAX_WIRE: usize = 256 * 1024 * 1024;
/// White space that may come before an answer shows what it is.
const MAX_PRELUDE: usize = 1024 * 1024;
/// How long to wait for the token counts of an answer that is complete.
const PATIENCE_AFTER_FINISH: Duration = Duration::from_secs(5);
/// How long to wait for the end of the body after `[DONE]`, so that the connection can be used again.
const PATIENCE_AFTER_DONE: Duration = Duration::from_millis(100);

/// An answer that has been accepted and is being read. Dropping it closes the connection to the upstream.
pub struct ChatStream {
    /// `None` once the answer has ended, well or badly.
    answer: Option<Response>,
    deadlines: Deadlines,
    /// Only for taking it out of what the upstream says.
    key: Option<SecretString>,
    framing: Framing,
    ready: VecDeque<ChatEvent>,
    /// Read, and told once what is ready has been given out.
    failure: Option<UpstreamError>,
    metadata: ResponseMetadata,
    sent_at: Instant,
    attempts: u8,
    is_event_stream: bool,
}

/// How the body holds the answer.
enum Framing {
    /// Not clear from the headers: the first byte that is not white space tells.
    Unclear,
    Events(SseReader),
    /// One JSON object, from a server that does not stream.
    Whole(Vec<u8>),
}

/// What has been read so far.
#[derive(Default)]
struct ResponseMetadata {
    wire: usize,
    text: usize,
    has_text: bool,
    has_reasoning: bool,
    has_noise: bool,
    finish: Option<String>,
    is_done: bool,
}

impl ChatStream {
    pub(super) fn new(
        answer: Response,
        deadlines: Deadlines,
        key: Option<SecretString>,
        sent_at: Instant,
        attempts: u8,
    ) -> Result<Self, UpstreamError> {
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content_type = content_type.trim_start().to_ascii_lowercase();
        let framing = match content_type.split(';').next().unwrap_or_default().trim() {
            "text/event-stream" => Framing::Events(SseReader::default()),
            "text/html" | "application/xhtml+xml" => return Err(UpstreamError::bad_response("a web page")),
            _ => Framing::Unclear,
        };
        Ok(Self {
            answer: Some(answer),
            deadlines,
            key,
            framing,
            ready: VecDeque::new(),
            failure: None,
            metadata: ResponseMetadata::default(),
            sent_at,
            attempts,
            is_event_stream: false,
        })
    }

    /// When the request that is being answered was sent.
    pub fn sent_at(&self) -> Instant {
        self.sent_at
    }

    /// How often the upstream was asked: 1 or 2.
    pub fn attempts(&self) -> u8 {
        self.attempts
    }

    /// Whether the answer came as a stream of events, as far as that is known.
    pub fn is_event_stream(&self) -> bool {
        self.is_event_stream
    }

    /// The next piece; `None` when the answer is complete. An error ends it too, and what came before it stands. Dropping
    /// this future loses nothing.
    pub async fn next(&mut self) -> Result<Option<ChatEvent>, UpstreamError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if self.answer.is_none() {
                return Ok(None);
            }
            if let Err(failure) = self.read_more().await {
                self.answer = None;
                self.failure = Some(failure);
            }
        }
    }

    async fn read_more(&mut self) -> Result<(), UpstreamError> {
        if self.metadata.is_done {
            self.drain().await?;
            return self.end();
        }
        let Some(answer) = self.answer.as_mut() else { return Ok(()) };
        let read = if self.metadata.finish.is_some() {
            // The text is complete. What still comes are counts, and their absence is no failure.
            match self.deadlines.for_at_most(PATIENCE_AFTER_FINISH, answer.chunk()).await? {
                Some(Ok(bytes)) => bytes,
                Some(Err(_)) | None => None,
            }
        } else if self.metadata.wire == 0 {
            self.deadlines.for_first_byte(answer.chunk()).await?.map_err(|error| from_transport(&error))?
        } else {
            self.deadlines.for_more(answer.chunk()).await?.map_err(|error| from_transport(&error))?
        };
        match read {
            Some(bytes) => self.take(&bytes),
            None => self.end(),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), UpstreamError> {
        self.metadata.wire += bytes.len();
        let most = if matches!(self.framing, Framing::Unclear) { MAX_PRELUDE } else { MAX_WIRE };
        if self.metadata.wire > most {
            return Err(UpstreamError::too_large());
        }
        let mut bytes = bytes;
        if matches!(self.framing, Framing::Unclear) {
            bytes = bytes.trim_ascii_start();
            let bare = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            self.framing = match bare.first() {
                None => return Ok(()),
                Some(b'<') => return Err(UpstreamError::bad_response("a web page")),
                Some(b'{') => {
                    bytes = bare;
                    Framing::Whole(Vec::new())
                }
                Some(_) if begins_event_stream(bare) => Framing::Events(SseReader::default()),
                Some(_) => return Err(UpstreamError::bad_response("something else")),
            };
        }
        match &mut self.framing {
            Framing::Unclear => Ok(()),
            Framing::Whole(body) if body.len() + bytes.len() > MAX_WHOLE_BODY => Err(UpstreamError::too_large()),
            Framing::Whole(body) => {
                body.extend_from_slice(bytes);
                Ok(())
            }
            Framing::Events(reader) => {
                self.is_event_stream = true;
                let mut events = Vec::new();
                let pushed = reader.push(bytes, &mut events);
                events.into_iter().try_for_each(|event| self.take_event(&event))?;
                pushed.map_err(|_| UpstreamError::too_large())
            }
        }
    }

    fn take_event(&mut self, event: &SseEvent) -> Result<(), UpstreamError> {
        if self.metadata.is_done {
            return Ok(());
        }
        match parse(&event.data) {
            Parsed::Done => self.metadata.is_done = true,
            Parsed::Error(object) => return Err(from_error_object(&object, self.key())),
            _ if event.name == "error" => {
                let object = serde_json::from_str(&event.data).unwrap_or_else(|_| event.data.clone().into());
                return Err(from_error_object(&object, self.key()));
            }
            Parsed::Events(events) => return events.into_iter().try_for_each(|event| self.take_chat_event(event)),
            Parsed::Noise => self.metadata.has_noise = true,
            Parsed::Broken => return Err(UpstreamError::bad_response("an unreadable stream")),
        }
        Ok(())
    }

    fn take_chat_event(&mut self, event: ChatEvent) -> Result<(), UpstreamError> {
        match &event {
            ChatEvent::Delta(text) => {
                self.metadata.text += text.len();
                self.metadata.has_text = true;
            }
            ChatEvent::Reasoning(text) => {
                self.metadata.text += text.len();
                self.metadata.has_reasoning = true;
            }
            ChatEvent::Finish(reason) => self.metadata.finish = Some(reason.clone()),
            ChatEvent::Usage { .. } => {}
        }
        if self.metadata.text > MAX_TEXT {
            return Err(UpstreamError::too_large());
        }
        self.ready.push_back(event);
        Ok(())
    }

    /// The body is over: closes the answer, and says whether it was one.
    fn end(&mut self) -> Result<(), UpstreamError> {
        self.answer = None;
        match std::mem::replace(&mut self.framing, Framing::Unclear) {
            Framing::Events(mut reader) => {
                let mut events = Vec::new();
                reader.finish(&mut events);
                // The last event may have been cut in the middle.
                let is_whole = |event: &&SseEvent| parse(&event.data) != Parsed::Broken;
                events.iter().filter(is_whole).try_for_each(|event| self.take_event(event))?;
                if !self.metadata.is_done && self.metadata.finish.is_none() {
                    let is_garbage = self.metadata.has_noise && self.metadata.text == 0;
                    return Err(if is_garbage {
                        UpstreamError::bad_response("an unreadable stream")
                    } else {
                        UpstreamError::cut_off()
                    });
                }
            }
            Framing::Whole(body) => self.take_whole(&String::from_utf8_lossy(&body))?,
            Framing::Unclear => return Err(UpstreamError::bad_response("nothing")),
        }
        if self.metadata.has_text {
            Ok(())
        } else {
            Err(UpstreamError::empty_answer(self.metadata.finish.as_deref(), self.metadata.has_reasoning))
        }
    }

    fn take_whole(&mut self, body: &str) -> Result<(), UpstreamError> {
        match parse(body) {
            Parsed::Events(events) if body.contains("\"choices\"") => {
                events.into_iter().try_for_each(|event| self.take_chat_event(event))
            }
            Parsed::Error(object) => Err(from_error_object(&object, self.key())),
            Parsed::Broken => Err(UpstreamError::cut_off()),
            _ => Err(UpstreamError::bad_response("JSON of another kind")),
        }
    }

    /// Reads over what follows `[DONE]`, normally nothing, so that the connection goes back to the pool.
    async fn drain(&mut self) -> Result<(), UpstreamError> {
        let Some(answer) = self.answer.as_mut() else { return Ok(()) };
        let rest =
            async { while answer.chunk().await.is_ok_and(|bytes| bytes.is_some_and(|bytes| bytes.len() < 1024)) {} };
        self.deadlines.for_at_most(PATIENCE_AFTER_DONE, rest).await.map(|_| ())
    }

    fn key(&self) -> Option<&str> {
        self.key.as_ref().map(ExposeSecret::expose_secret)
    }
}

/// Whether these may be the first bytes of an event stream, however few they are.
fn begins_event_stream(bytes: &[u8]) -> bool {
    let starts: [&[u8]; 6] = [b":", b"data", b"event", b"id", b"retry", b"\xef\xbb\xbf"];
    starts.iter().any(|start| bytes.starts_with(start) || start.starts_with(bytes))
}
